package forward_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/gate401/gate401/internal/forward"
	"github.com/gate401/gate401/internal/identity"
)

type stamp struct{ away bool }

func (*stamp) ID() string { return "k" }

func (s *stamp) Sign(claims any, _ string) (string, error) {
	if s.away {
		return "", errors.New("no ink")
	}
	return "signed-" + claims.(map[string]any)["sub"].(string), nil
}

// A gateway gets the token as it gets the other fields: empty where nobody is
// known, so that what a client sent does not stay there.
func TestAssertion(t *testing.T) {
	for _, x := range []struct {
		name, path string
		away       bool
		status     int
		want       []string
	}{
		{"alice", "/orders", false, http.StatusOK, []string{"signed-alice"}},
		{"nobody", "/open/door", true, http.StatusOK, []string{""}},
		{"a refusal", "/admin/x", false, http.StatusForbidden, nil},
		{"nobody can sign", "/orders", true, http.StatusServiceUnavailable, nil},
	} {
		s, err := forward.New(forward.Config{
			Gate: newGate(t, shop()), From: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Sealer: ring(t),
			Assertion: &identity.Assertion{
				Issuer: "https://gate.example", Audience: "api", Subject: func(_, subject string) string { return subject },
				Signer: func(context.Context) (identity.Signer, error) { return &stamp{x.away}, nil },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, asked("/auth/check/caddy", caddyAsks("GET", x.path, "Authorization", "Bearer right", "Gate401-Token", "forged")...))
		got := w.Header()["Gate401-Token"]
		if w.Code != x.status || len(got) != len(x.want) || len(got) > 0 && got[0] != x.want[0] {
			t.Errorf("%s: %d %q\n%s", x.name, w.Code, got, w.Body)
		}
	}
	if _, err := forward.New(forward.Config{Gate: newGate(t, shop()), From: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Sealer: ring(t), Assertion: &identity.Assertion{}}); err == nil {
		t.Error("a token that nobody signs was taken")
	}
}
