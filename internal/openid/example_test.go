package openid_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store/memory"
)

func Example() {
	var idp *httptest.Server
	idp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"issuer": idp.URL, "authorization_endpoint": idp.URL + "/authorize", "token_endpoint": idp.URL + "/token"})
	}))
	defer idp.Close()
	h := &openid.Handler{
		Gate: &gate401.Gate{Responder: &gate401.Responder{}}, Tickets: memory.Open(memory.Options{}).Tickets,
		Providers: []*openid.Provider{{Name: "work", Issuer: idp.URL, ClientID: "gate"}},
		Admit: func(_ http.ResponseWriter, _ *http.Request, who session.Proved, returnTo string) {
			fmt.Println(who.Display, "is logged in and goes to", returnTo)
		},
	}
	defer h.Close()

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8401/auth/login/work?return_to=/orders", nil))
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Code, to.Path, to.Query().Get("scope"))
	fmt.Println(to.Query().Get("redirect_uri"))
	// Output:
	// 303 /authorize openid profile email
	// http://127.0.0.1:8401/auth/login/work/callback
}
