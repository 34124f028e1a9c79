package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

// Whatever is sent, the token endpoint answers with JSON and a status that is no
// fault of ours; and it gives nothing to whom it does not know.
func FuzzTokenEndpoint(f *testing.F) {
	s := newServer(f)
	s.client(f, store.Client{ID: "web"})
	s.tokens.Auth.Guard = nil
	f.Add("", "grant_type=client_credentials")
	f.Add("Basic d2ViOngx", "grant_type=client_credentials&scope=%20")
	f.Add("Basic %zz", "grant_type=refresh_token&refresh_token=g401r_test_x&resource=a&resource=b")
	f.Add("Bearer x", "grant_type=authorization_code&code=x&code_verifier=y&client_id=web")
	f.Add("", "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=%00&client_id=web")
	f.Add("", "grant_type=client_credentials&client_assertion=a.b.c&client_assertion_type="+issuer.AssertionType)
	f.Fuzz(func(t *testing.T, authorization, body string) {
		hr := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(body))
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if authorization != "" {
			hr.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		s.tokens.ServeHTTP(w, hr)
		if w.Code < 400 || w.Code >= 500 || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
