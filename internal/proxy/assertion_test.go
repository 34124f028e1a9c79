package proxy_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/internal/proxy"
)

// stamp signs nothing, and says for whom it would.
type stamp struct{}

func (stamp) ID() string { return "k" }

func (stamp) Sign(claims any, _ string) (string, error) {
	return "signed-" + claims.(map[string]any)["sub"].(string), nil
}

func asserting(header string, away *atomic.Bool) func(*proxy.Config) {
	return func(c *proxy.Config) {
		c.Assertion = &identity.Assertion{
			Header: header, Issuer: "https://gate.example", Audience: "api",
			Subject: func(issuer, subject string) string { return issuer + "#" + subject },
			Signer: func(context.Context) (identity.Signer, error) {
				if away.Load() {
					return nil, errors.New("the store is away")
				}
				return stamp{}, nil
			},
		}
	}
}

// The upstream gets the gate's token, once and in one spelling, and none where
// nobody was asked.
func TestAssertion(t *testing.T) {
	for _, header := range []string{"", "Authorization", "X-Identity-Token"} {
		var away atomic.Bool
		s := start(t, echo, asserting(header, &away))
		want, name := "signed-bob", "Gate401-Token"
		if header != "" {
			name = header
		}
		if header == "Authorization" {
			want = "Bearer signed-bob"
		}
		spelt := []string{"Gate401-Token: forged", "gate401_token: forged", "X_Identity-Token: forged", "x.identity.token: forged"}
		if header != "X-Identity-Token" {
			spelt = spelt[:2]
		}
		for _, x := range []struct {
			target string
			lines  []string
			want   string
		}{
			{"/orders", []string{"Authorization: Bearer bob"}, want},
			{"/orders", append(spelt, "Authorization: Bearer bob"), want},
			{"/orders", []string{"Authorization: Bearer bob", "Connection: close, " + name}, want},
			{"/public", append(spelt, "Authorization: Bearer bob"), ""},
		} {
			got := s.get(x.target, x.lines...)
			if strings.Join(got.Header[name], "|") != x.want {
				t.Errorf("%s %q: the upstream got %q", x.target, x.lines, got.Header[name])
			}
			for field, values := range got.Header {
				if values[0] == "forged" {
					t.Errorf("%s %q: the upstream got %s", x.target, x.lines, field)
				}
			}
		}
		if got := s.get("/orders", "Authorization: Bearer alice"); !strings.HasSuffix(got.Header.Get(name), "signed-https://idp.example#alice") {
			t.Errorf("the alice of another issuer is %q", got.Header.Get(name))
		}
	}
}

// Where the upstream cannot be told who is asking, it is not asked: not even with
// a body that is on its way.
func TestNoAssertion(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	s := start(t, echo, asserting("", &away))
	for _, text := range []string{
		"GET /orders HTTP/1.1\nHost: api.example\nAuthorization: Bearer bob\n\n",
		"POST /orders HTTP/1.1\nHost: api.example\nAuthorization: Bearer bob\nContent-Length: 5\n\nhello",
	} {
		res, body := s.raw(text)
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"check-failed"`) || strings.Contains(body, "away") || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s %s", res.Status, body)
		}
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
	if got := s.get("/public"); got.Target != "/public" {
		t.Error(got)
	}
}
