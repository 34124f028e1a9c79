package consent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/consent"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// alice is always logged in.
type alice struct{}

func (alice) Find(context.Context, *http.Request) (*session.Person, error) {
	return &session.Person{Subject: "alice", Display: "Alice", Session: "s_1", Scopes: []string{"orders:read"}}, nil
}

func Example() {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	_, err := set.Clients.CreateClient(ctx, store.Client{
		ID: "app", Method: issuer.AuthNone, Trusted: true, // nobody is asked
		RedirectURIs: []string{"https://app.example/cb"}, Grants: []string{issuer.GrantAuthorizationCode}, Scopes: []string{"orders:read"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := &consent.Endpoint{
		Issuer:  &issuer.Issuer{Name: "https://api.example", Audience: []string{"orders"}, Tokens: set.Tokens, Tickets: set.Tickets},
		Clients: set.Clients, Consents: set.Consents, People: alice{}, Sessions: set.Sessions, Intake: &gate401.Intake{},
	}
	request := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"https://app.example/cb"}, "state": {"1"},
		"code_challenge": {"3OzB-CDDro3usBs2kNTD8eYA8Xbt7gQxfNiDKhx3Rag"}, "code_challenge_method": {"S256"},
	}
	for _, method := range []string{"S256", "plain"} {
		request.Set("code_challenge_method", method)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/authorize?"+request.Encode(), nil))
		to, _ := url.Parse(w.Header().Get("Location"))
		fmt.Printf("%d %s iss=%s code=%v error=%q\n", w.Code, to.Host, to.Query().Get("iss"), to.Query().Has("code"), to.Query().Get("error"))
	}
	// Output:
	// 303 app.example iss=https://api.example code=true error=""
	// 303 app.example iss=https://api.example code=false error="invalid_request"
}
