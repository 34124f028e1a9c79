package forward_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/forward"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/reason"
)

// Whatever a check says: what cannot be read in one way, or comes from somebody
// else, is refused and never allowed.
func TestChecks(t *testing.T) {
	const token = "Bearer right"
	plus := func(all []string, more ...string) []string { return append(append([]string{}, all...), more...) }
	without := func(all []string, name string) []string {
		var out []string
		for i := 0; i+1 < len(all); i += 2 {
			if all[i] != name {
				out = append(out, all[i], all[i+1])
			}
		}
		return out
	}
	caddy, nginx := caddyAsks("GET", "/orders", "Authorization", token), nginxAsks("GET", "/orders", "Authorization", token)
	for _, x := range []struct {
		name, target string
		fields       []string
		status       int
		reason       reason.Code
		surface      string
	}{
		{"caddy", "/auth/check/caddy", caddy, 200, "", "caddy"},
		{"traefik", "/auth/check/traefik", caddy, 200, "", "traefik"},
		{"nginx", "/auth/check/nginx", nginx, 200, "", "nginx"},
		{"nginx, sealed", "/auth/check/nginx/sealed", nginx, 200, "", "nginx"},
		{"nginx with a URL", "/auth/check/nginx", []string{"X-Original-Method", "GET", "X-Original-Url", "https://api.example.com/orders", "X-Forwarded-For", "192.0.2.1", "Authorization", token}, 200, "", "nginx"},
		{"envoy", "/auth/check/envoy/orders?a=b", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1", "Authorization", token}, 200, "", "envoy"},
		{"recognised as nginx", "/auth/check", nginx, 200, "", "nginx"},
		{"recognised as others", "/auth/check", caddy, 200, "", "forwarded"},
		{"with a query of its own", "/auth/check/caddy?rd=x", caddy, 200, "", "caddy"},
		{"WebSocket, as Traefik says it", "/auth/check/traefik", plus(without(caddy, "X-Forwarded-Proto"), "X-Forwarded-Proto", "wss"), 200, "", "traefik"},
		{"an alias is no field", "/auth/check/caddy", plus(caddy, "X_Forwarded_Uri", "/open/x", "X.Forwarded.Uri", "/open/x"), 200, "", "caddy"},
		{"a field of another gateway is the client's", "/auth/check/caddy", plus(caddyAsks("GET", "/orders"), "X-Original-Uri", "/open/x"), 401, reason.CredentialsMissing, "caddy"},
		{"the same for nginx", "/auth/check/nginx", plus(nginxAsks("GET", "/orders"), "X-Forwarded-Uri", "/open/x", "X-Forwarded-Method", "OPTIONS"), 401, reason.CredentialsMissing, "nginx"},

		{"both, and nobody knows", "/auth/check", plus(caddy, "X-Original-Uri", "/open/x"), 400, reason.RequestMalformed, ""},
		{"neither", "/auth/check", []string{"Authorization", token}, 503, reason.CheckFailed, ""},
		{"twice the URI", "/auth/check/caddy", plus(caddy, "X-Forwarded-Uri", "/open/x"), 400, reason.RequestMalformed, "caddy"},
		{"twice the same", "/auth/check/caddy", plus(caddy, "X-Forwarded-Uri", "/orders"), 400, reason.RequestMalformed, "caddy"},
		{"twice the method", "/auth/check/caddy", plus(caddy, "X-Forwarded-Method", "GET"), 400, reason.RequestMalformed, "caddy"},
		{"twice the host", "/auth/check/caddy", plus(caddy, "X-Forwarded-Host", "other.example"), 400, reason.RequestMalformed, "caddy"},
		{"a list of hosts", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-Host"), "X-Forwarded-Host", "a.example, b.example"), 400, reason.RequestMalformed, "caddy"},
		{"a list of schemes", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-Proto"), "X-Forwarded-Proto", "http, https"), 400, reason.RequestMalformed, "caddy"},
		{"no method", "/auth/check/caddy", without(caddy, "X-Forwarded-Method"), 503, reason.CheckFailed, "caddy"},
		{"an empty method", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-Method"), "X-Forwarded-Method", ""), 503, reason.CheckFailed, "caddy"},
		{"no token", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-Method"), "X-Forwarded-Method", "GET /open/x"), 400, reason.RequestMalformed, "caddy"},
		{"lower case", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-Method"), "X-Forwarded-Method", "get"), 400, reason.RequestMalformed, "caddy"},
		{"no scheme", "/auth/check/nginx", without(nginx, "X-Forwarded-Proto"), 403, reason.CheckFailed, "nginx"},
		{"no host", "/auth/check/caddy", without(caddy, "X-Forwarded-Host"), 503, reason.CheckFailed, "caddy"},
		{"no client", "/auth/check/caddy", without(caddy, "X-Forwarded-For"), 503, reason.CheckFailed, "caddy"},
		{"a client without an address", "/auth/check/caddy", plus(without(caddy, "X-Forwarded-For"), "X-Forwarded-For", "10.0.0.1, unix:"), 503, reason.CheckFailed, "caddy"},
		{"a URL that says otherwise", "/auth/check/nginx", plus(nginx, "X-Original-Url", "https://api.example.com/open/x"), 403, reason.RequestMalformed, "nginx"},
		{"an absolute URI", "/auth/check/caddy", plus(caddyAsks("GET", "https://other.example/open/x"), "Authorization", token), 400, reason.RequestMalformed, "caddy"},
		{"no slash", "/auth/check/caddy", caddyAsks("GET", "open/x"), 400, reason.RequestMalformed, "caddy"},
		{"empty segment", "/auth/check/caddy", caddyAsks("GET", "//open/x"), 400, reason.RequestMalformed, "caddy"},
		{"dot segments", "/auth/check/envoy/open/../orders", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, 400, reason.RequestMalformed, "envoy"},
		{"encoded ones", "/auth/check/envoy/open/%2e%2e/orders", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, 400, reason.RequestMalformed, "envoy"},
		{"everything of Envoy", "/auth/check/envoy*", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, 400, reason.RequestMalformed, "envoy"},
		{"nothing of Envoy", "/auth/check/envoy", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1"}, 400, reason.RequestMalformed, "envoy"},
		{"a gateway that we do not know", "/auth/check/apache", caddy, 400, reason.RequestMalformed, ""},
		{"another spelling of the path", "/auth/%63heck/caddy", caddy, 400, reason.RequestMalformed, ""},
		{"the gate's own", "/auth/check/caddy", caddyAsks("GET", "/auth/me", "Authorization", token), 403, reason.RuleMissing, "caddy"},
		{"the gate's own, encoded", "/auth/check/caddy", caddyAsks("GET", "/%61uth/me", "Authorization", token), 403, reason.RuleMissing, "caddy"},
		{"cannot be checked", "/auth/check/caddy", caddyAsks("GET", "/orders", "Authorization", "Bearer away"), 503, reason.CheckFailed, "caddy"},
	} {
		t.Run(x.name, func(t *testing.T) {
			g := newGate(t, shop())
			var d gate401.Decision
			var r *gate401.Request
			g.Observe = func(request *gate401.Request, decision *gate401.Decision) { r, d = request, *decision }
			res := serve(newSurface(t, g, ring(t)), asked(x.target, x.fields...))
			if res.StatusCode != x.status || d.Reason() != x.reason || d.Allow != (x.status == 200) {
				t.Errorf("got %d %s (%v), want %d %s", res.StatusCode, d.Reason(), d.Steps, x.status, x.reason)
			}
			if r == nil || r.Surface != strings.TrimSuffix("forward-auth/"+x.surface, "/") {
				t.Errorf("surface %v", r)
			}
			if x.status != 200 && res.Header.Get("Gate401-Subject") != "" {
				t.Errorf("a refusal names %v", res.Header)
			}
		})
	}
}

// Whoever is none of the gateways is refused, whatever they say.
func TestStrangers(t *testing.T) {
	g := newGate(t, shop())
	var d gate401.Decision
	g.Observe = func(_ *gate401.Request, decision *gate401.Decision) { d = *decision }
	g.Intake.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	s := newSurface(t, g, ring(t))
	for _, from := range []string{"192.0.2.1:1", "10.0.0.1:1", "[::1]:1", "127.0.0.2:1", "@", ""} {
		for _, target := range []string{"/auth/check/caddy", "/auth/check/nginx/refusal", "/auth/check"} {
			r := asked(target, caddyAsks("GET", "/open/x")...)
			r.RemoteAddr = from
			if res := serve(s, r); res.StatusCode != http.StatusForbidden || d.Reason() != reason.AddressBlocked {
				t.Errorf("%s from %q: %d %s", target, from, res.StatusCode, d.Reason())
			}
		}
	}
}

// Everything that the API is to believe is there, empty or not; the client is
// the one that the gateway names, and no further than it is believed.
func TestAllowed(t *testing.T) {
	g := newGate(t, shop())
	g.Intake.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	var seen *gate401.Request
	g.Observe = func(r *gate401.Request, _ *gate401.Decision) { seen = r }
	s := newSurface(t, g, ring(t))
	for _, x := range []struct{ name, clients, path, token, subject, groups, client string }{
		{"alice", "192.0.2.1", "/orders", "right", "alice", "a%2Cb,c", "192.0.2.1"},
		{"nobody", "192.0.2.1", "/open/x", "", "", "", "192.0.2.1"},
		{"behind a CDN", "10.0.0.1, 192.0.2.1, 10.9.1.1", "/open/x", "", "", "", "192.0.2.1"},
		{"invented", "10.9.0.1, 192.0.2.1", "/open/x", "", "", "", "192.0.2.1"},
	} {
		fields := []string{"X-Forwarded-Method", "GET", "X-Forwarded-Uri", x.path, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.example.com", "X-Forwarded-For", x.clients,
			"Remote-Email", "root", "X-Request-Id", "mine"}
		if x.token != "" {
			fields = append(fields, "Authorization", "Bearer "+x.token)
		}
		res := serve(s, asked("/auth/check/caddy", fields...))
		email, there := res.Header["Remote-Email"]
		if res.StatusCode != 200 || res.Header.Get("Gate401-Subject") != x.subject || res.Header.Get("Gate401-Groups") != x.groups || !there || email[0] != "" {
			t.Errorf("%s: %d %v", x.name, res.StatusCode, res.Header)
		}
		if seen.Client.String() != x.client || seen.Host != "api.example.com" || seen.URL.Scheme != "https" || res.Header.Get("X-Request-Id") != seen.ID || seen.InboundID != "mine" {
			t.Errorf("%s: seen as %+v", x.name, seen)
		}
	}
}

func TestNew(t *testing.T) {
	from := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	for _, x := range []struct {
		config forward.Config
		want   string
	}{
		{forward.Config{From: from, Sealer: &seal.Ring{}}, "no gate"},
		{forward.Config{Gate: &gate401.Gate{}, Sealer: &seal.Ring{}}, "nobody may ask"},
		{forward.Config{Gate: &gate401.Gate{}, From: from}, "nothing to seal"},
	} {
		if _, err := forward.New(x.config); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("got %v, want %s", err, x.want)
		}
	}
	// The zero gate lets nobody pass.
	s, err := forward.New(forward.Config{Gate: &gate401.Gate{}, From: from, Sealer: &seal.Ring{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/auth/check/caddy", "/auth/check/nginx"} {
		if res := serve(s, asked(target, append(caddyAsks("GET", "/"), "X-Original-Method", "GET", "X-Original-Uri", "/")...)); res.StatusCode != 403 {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
}

// The upstream gets the other cookies alone, in one field; where there is none
// left the field is empty, so that the gateway overwrites the client's.
func TestCookies(t *testing.T) {
	s := newSurface(t, newGate(t, shop()), ring(t))
	for _, x := range []struct {
		fields []string
		want   string
	}{
		{nil, ""},
		{[]string{"sid=1"}, ""},
		{[]string{"a=b; sid=1; c=\"d e\""}, "a=b; c=\"d e\""},
		{[]string{"sid=1", "a=b", "c=d; sid=2"}, "a=b; c=d"},
	} {
		for _, path := range []string{"/orders", "/open/x"} {
			fields := caddyAsks("GET", path, "Authorization", "Bearer right")
			for _, f := range x.fields {
				fields = append(fields, "Cookie", f)
			}
			res := serve(s, asked("/auth/check/caddy", fields...))
			got, there := res.Header["Cookie"]
			if res.StatusCode != 200 || !there || len(got) != 1 || got[0] != x.want {
				t.Errorf("%s with %q: %d %q, want %q", path, x.fields, res.StatusCode, got, x.want)
			}
		}
	}
	if res := serve(s, asked("/auth/check/caddy", caddyAsks("GET", "/orders", "Cookie", "a=b")...)); res.StatusCode != 401 || res.Header["Cookie"] != nil {
		t.Errorf("a refusal says %d %v", res.StatusCode, res.Header)
	}
}
