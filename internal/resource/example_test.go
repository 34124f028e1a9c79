package resource_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/resource"
)

func Example() {
	partner := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{{Issuer: "https://idp.example.com"}}}
	policy, err := access.Compile(
		[]access.Rule{{Path: "/orders/**", Scopes: []string{"orders:read"}, Resource: &gate401.Resource{}}},
		access.Rule{Nobody: true},
		func([]string) ([]gate401.Authenticator, error) { return []gate401.Authenticator{partner}, nil })
	if err != nil {
		fmt.Println(err)
		return
	}
	g := &gate401.Gate{Policy: policy.Requirement}
	h, err := resource.New(resource.Config{Gate: g, All: policy.All(), Every: policy.Every, Name: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}

	refused := httptest.NewRecorder()
	g.Protect(http.NotFoundHandler()).ServeHTTP(refused, httptest.NewRequest(http.MethodGet, "http://api.example.com/orders/7", http.NoBody))
	fmt.Println(refused.Header().Get("WWW-Authenticate"))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://api.example.com/.well-known/oauth-protected-resource/orders/7", http.NoBody))
	fmt.Print(w.Body)
	// Output:
	// Bearer realm="orders", scope="orders:read", resource_metadata="http://api.example.com/.well-known/oauth-protected-resource/orders/7"
	// {
	//   "resource": "http://api.example.com/orders/7",
	//   "authorization_servers": [
	//     "https://idp.example.com"
	//   ],
	//   "scopes_supported": [
	//     "orders:read"
	//   ],
	//   "bearer_methods_supported": [
	//     "header"
	//   ],
	//   "resource_name": "orders"
	// }
}
