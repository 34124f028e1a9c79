package openid_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store/memory"
)

// Whatever an answer is made of, nobody is let in by it who began no login, and it is
// no fault of ours.
func FuzzCallback(f *testing.F) {
	for _, s := range []string{"", "state=x&code=y", "state=&iss=https%3A%2F%2Fidp.example", "error=access_denied&state=x", "%zz", "state=a&state=b", "code=%00&state=%ff"} {
		f.Add(s, "__Host-g401-provider=g401s_x")
	}
	h := &openid.Handler{
		Gate: &gate401.Gate{Intake: gate401.Intake{PublicURL: &url.URL{Scheme: "https", Host: "gate.example"}}, Responder: &gate401.Responder{}},
		Providers: []*openid.Provider{{Name: "work", Issuer: "https://idp.example", ClientID: "gate", Transport: transport(func(r *http.Request) (*http.Response, error) {
			panic("it was asked: " + r.URL.String())
		})}},
		Tickets: memory.Open(memory.Options{}).Tickets,
		Admit:   func(http.ResponseWriter, *http.Request, session.Proved, string) { panic("somebody was let in") },
	}
	f.Cleanup(func() { _ = h.Close() })
	f.Fuzz(func(t *testing.T, query, cookie string) {
		r := httptest.NewRequest(http.MethodGet, "/auth/login/work/callback", nil)
		r.URL.RawQuery = query
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest && w.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	})
}
