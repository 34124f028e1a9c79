package scenario_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/scenario"
)

func Example() {
	s, _ := scenario.Lookup("token-expired")
	fmt.Println(s.Title, "-", s.Expect.Do)

	p := &scenario.Player{}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, s.Path+"orders", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output:
	// The access token expired - refresh
	// 401 Bearer realm="orders", error="invalid_token", error_description="The access token expired", resource_metadata="http://example.com/.well-known/oauth-protected-resource/scenario/token-expired/orders"
}
