package forward_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/seal"
)

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What nginx carries as a field is afterwards the very answer that the other
// gateways get.
func TestRefusalThroughNginx(t *testing.T) {
	for _, x := range []struct {
		name, method, path string
		fields             []string
		wire, status       int
	}{
		{"missing", "GET", "/orders", nil, 401, 401},
		{"expired", "GET", "/orders", []string{"Authorization", "Bearer old"}, 401, 401},
		{"a page", "GET", "/orders", []string{"Accept", "text/html"}, 401, 401},
		{"forbidden", "GET", "/admin/x", []string{"Authorization", "Bearer right"}, 403, 403},
		{"away", "GET", "/orders", []string{"Authorization", "Bearer away"}, 403, 503},
		{"malformed", "GET", "//orders", nil, 403, 400},
		{"preflight", "OPTIONS", "/cors/x", []string{"Origin", "https://shop.example", "Access-Control-Request-Method", "PUT"}, 403, 204},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSurface(t, newGate(t, shop()), ring(t))
			plain := serve(s, asked("/auth/check/nginx", nginxAsks(x.method, x.path, x.fields...)...))
			sealed := serve(s, asked("/auth/check/nginx/sealed", nginxAsks(x.method, x.path, x.fields...)...))
			if plain.StatusCode != x.wire || sealed.StatusCode != 403 || len(plain.Header["Www-Authenticate"]) > 1 || sealed.Header["Www-Authenticate"] != nil {
				t.Errorf("on the wire %d %v, sealed %d %v", plain.StatusCode, plain.Header, sealed.StatusCode, sealed.Header)
			}
			for _, res := range []*http.Response{plain, sealed} {
				if res.Header.Get("Gate401-Status") != fmt.Sprint(x.status) {
					t.Errorf("says %s, want %d", res.Header.Get("Gate401-Status"), x.status)
				}
			}
			got := serve(s, asked("/auth/check/nginx/refusal", "Gate401-Refusal", sealed.Header.Get("Gate401-Refusal")))
			// Envoy gets every refusal as it is.
			want := serve(s, asked("/auth/check/envoy"+x.path, append([]string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, x.fields...)...))
			if x.method == "OPTIONS" {
				r := asked("/auth/check/envoy"+x.path, append([]string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, x.fields...)...)
				r.Method = x.method
				want = serve(s, r)
			}
			id := got.Header.Get("X-Request-Id")
			gotBody, wantBody := text(t, got), strings.ReplaceAll(text(t, want), want.Header.Get("X-Request-Id"), id)
			want.Header.Set("X-Request-Id", id)
			if got.StatusCode != x.status || want.StatusCode != x.status {
				t.Errorf("replayed %d, at once %d, want %d", got.StatusCode, want.StatusCode, x.status)
			}
			if diff := cmp.Diff(want.Header, got.Header) + cmp.Diff(wantBody, gotBody); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What was said of every answer before the surface was asked, such as HSTS,
// is said of what nginx unpacks: the request that it does so with tells nothing.
func TestFieldsOfEveryAnswerThroughNginx(t *testing.T) {
	s := newSurface(t, newGate(t, shop()), ring(t))
	strict := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Strict-Transport-Security"] = []string{"max-age=1"}
		s.ServeHTTP(w, r)
	})
	sealed := serve(strict, asked("/auth/check/nginx/sealed", nginxAsks("GET", "/orders")...))
	res := serve(s, asked("/auth/check/nginx/refusal", "Gate401-Refusal", sealed.Header.Get("Gate401-Refusal")))
	if res.StatusCode != 401 || res.Header.Get("Strict-Transport-Security") != "max-age=1" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// A refusal that the gate did not seal, or not just now, is shown to nobody.
func TestForgedRefusals(t *testing.T) {
	g := newGate(t, shop())
	now := noon
	g.Intake.Now = func() time.Time { return now }
	s := newSurface(t, g, ring(t))
	good := serve(s, asked("/auth/check/nginx/sealed", nginxAsks("GET", "/orders")...)).Header.Get("Gate401-Refusal")
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	other, err := seal.New(slices.Repeat([]byte{9}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	foreign := serve(newSurface(t, g, other), asked("/auth/check/nginx/sealed", nginxAsks("GET", "/orders")...)).Header.Get("Gate401-Refusal")
	for name, fields := range map[string][]string{
		"none": nil, "empty": {"Gate401-Refusal", ""}, "two": {"Gate401-Refusal", good, "Gate401-Refusal", good}, "no base64": {"Gate401-Refusal", "!"},
		"changed": {"Gate401-Refusal", base64.RawURLEncoding.EncodeToString(raw)}, "another key": {"Gate401-Refusal", foreign}, "long": {"Gate401-Refusal", strings.Repeat("A", 20000)},
	} {
		res := serve(s, asked("/auth/check/nginx/refusal", fields...))
		if res.StatusCode != 403 || !strings.Contains(text(t, res), "in front of the gate") {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if res := serve(s, asked("/auth/check/nginx/refusal", "Gate401-Refusal", good)); res.StatusCode != 401 {
		t.Errorf("the good one: %d", res.StatusCode)
	}
	now = noon.Add(2 * time.Minute)
	if res := serve(s, asked("/auth/check/nginx/refusal", "Gate401-Refusal", good)); res.StatusCode != 403 {
		t.Errorf("the old one: %d", res.StatusCode)
	}
}

// A preflight that the gate answers is no success to a gateway that lets every
// success pass.
func TestPreflight(t *testing.T) {
	s := newSurface(t, newGate(t, shop()), ring(t))
	for _, target := range []string{"/auth/check/caddy", "/auth/check/traefik", "/auth/check"} {
		res := serve(s, asked(target, caddyAsks("OPTIONS", "/cors/x", "Origin", "https://shop.example", "Access-Control-Request-Method", "PUT")...))
		if res.StatusCode != 403 || res.Header.Get("Gate401-Status") != "204" || res.Header.Get("Access-Control-Allow-Methods") != "PUT" || text(t, res) != "" {
			t.Errorf("%s: %d %v", target, res.StatusCode, res.Header)
		}
	}
}

// Whatever is in the field: never a panic, never a success.
func FuzzRefusal(f *testing.F) {
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, field string) {
		s := newSurface(t, newGate(t, shop()), ring(t))
		r := asked("/auth/check/nginx/refusal")
		r.Header["Gate401-Refusal"] = []string{field}
		if res := serve(s, r); res.StatusCode != 403 {
			t.Errorf("%q: %d", field, res.StatusCode)
		}
	})
}

// Whatever a gateway says: a refusal, or an answer about a path that is spelt in
// the one way.
func FuzzCheck(f *testing.F) {
	f.Add("GET", "/open/x", "https", "api.example.com", "192.0.2.1")
	f.Add("get", "//x", "ws", "a,b", "unix:")
	f.Add("OPTIONS", "*", "https", "", "[::1]:80")
	f.Fuzz(func(t *testing.T, method, target, scheme, host, client string) {
		s := newSurface(t, newGate(t, shop()), ring(t))
		r := asked("/auth/check/caddy")
		for name, v := range map[string]string{"Method": method, "Uri": target, "Proto": scheme, "Host": host, "For": client} {
			r.Header["X-Forwarded-"+name] = []string{v}
		}
		res := serve(s, r)
		if res.StatusCode == 200 && !strings.HasPrefix(target, "/open/") && !strings.HasPrefix(target, "/%") && !(strings.EqualFold(strings.TrimSuffix(host, "."), "only.example") || strings.HasPrefix(strings.ToLower(host), "only.example")) && !strings.HasPrefix(target, "/open?") && target != "/open" && !strings.Contains(target, "%") {
			t.Errorf("%s %q %q let pass", method, target, host)
		}
	})
}
