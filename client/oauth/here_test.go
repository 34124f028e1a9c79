package oauth_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/client/oauth"
)

// elsewhere is an API out there whose metadata names an issuer.
type elsewhere struct {
	issuer string
	asked  []string
}

func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	e.asked = append(e.asked, r.URL.Host)
	status, body := http.StatusNotFound, ""
	if r.URL.Path == "/.well-known/oauth-protected-resource" {
		status, body = http.StatusOK, `{"resource":"https://api.example.com","authorization_servers":["`+e.issuer+`"]}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A server out there does not choose what is asked on this machine, however it
// writes the address.
func TestFindNotHere(t *testing.T) {
	for _, issuer := range []string{
		"https://127.0.0.1:8443", "https://localhost", "https://LOCALHOST.", "https://idp.localhost:1", "https://0.0.0.0", "https://[::]", "https://[::1]",
		"https://[::ffff:127.0.0.1]", "https://[::ffff:0.0.0.0]", "http://127.9.9.9", "https://127.1", "https://0x7f.0.0.1", "https://ip6-localhost",
	} {
		e := &elsewhere{issuer: issuer}
		_, err := oauth.Find(t.Context(), &http.Client{Transport: e}, "https://api.example.com/orders")
		if err == nil || !strings.Contains(err.Error(), "leads to this machine") {
			t.Errorf("%s: %v", issuer, err)
		}
		for _, host := range e.asked {
			if host != "api.example.com" {
				t.Errorf("%s: %s was asked", issuer, host)
			}
		}
	}
}
