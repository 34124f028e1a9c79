package forward_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/forward"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/reason"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// newGate takes the token "right" of alice, and can check no token "away".
func newGate(t testing.TB, rules []access.Rule) *gate401.Gate {
	t.Helper()
	bearer := gate401.NewFunc("bearer", "Bearer", "shop", func(_ context.Context, _ *gate401.Request, token string) (*gate401.Identity, error) {
		switch token {
		case "right":
			return &gate401.Identity{Subject: "alice", Method: "bearer", Groups: []string{"a,b", "c"}}, nil
		case "away":
			return nil, errors.New("the database is away")
		}
		return nil, &gate401.Denial{Reason: reason.TokenExpired}
	})
	policy, err := access.Compile(rules, access.Rule{}, func([]string) ([]gate401.Authenticator, error) { return []gate401.Authenticator{bearer}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return &gate401.Gate{Policy: policy.Requirement, Guard: gate401.DangerouslyUnguarded{}, Intake: gate401.Intake{Now: func() time.Time { return noon }}}
}

func shop() []access.Rule {
	return []access.Rule{
		{Path: "/open/**", Anyone: true}, {Path: "/admin/**", Groups: []string{"admin"}}, {Path: "/near/**", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		{Path: "/write", Verbs: []string{"POST"}, Groups: []string{"admin"}}, {Path: "/users/{user}/**", Owner: "{user}"},
		{Host: "only.example", Path: "/host", Anyone: true},
		{Path: "/cors/**", CORS: &gate401.CORS{Origins: []string{"https://shop.example"}}},
	}
}

func ring(t testing.TB) *seal.Ring {
	t.Helper()
	r, err := seal.New(bytes.Repeat([]byte{4}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newSurface answers gateways at 127.0.0.1.
func newSurface(t testing.TB, g *gate401.Gate, sealer forward.Sealer) *forward.Surface {
	t.Helper()
	s, err := forward.New(forward.Config{
		Gate: g, Own: "/auth", From: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Sealer: sealer, Cookies: []string{"sid"},
		Identity: map[string]identity.Field{"Gate401-Subject": identity.FieldSubject, "Gate401-Groups": identity.FieldGroups, "Remote-Email": identity.FieldIssuer},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asked is the check of a gateway, with fields "Name", "value" in a row.
func asked(target string, fields ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	r.RemoteAddr = "127.0.0.1:50000"
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	return r
}

// caddyAsks is the check of Traefik and Caddy for a request.
func caddyAsks(method, target string, fields ...string) []string {
	return append([]string{"X-Forwarded-Method", method, "X-Forwarded-Uri", target, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.example.com",
		"X-Forwarded-For", "192.0.2.1"}, fields...)
}

// nginxAsks is that of nginx.
func nginxAsks(method, target string, fields ...string) []string {
	return append([]string{"X-Original-Method", method, "X-Original-Uri", target, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.example.com",
		"X-Forwarded-For", "192.0.2.1"}, fields...)
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}
