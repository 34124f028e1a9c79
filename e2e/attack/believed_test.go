package attack

import (
	"strings"
	"testing"
)

// Rows 1 to 4: nothing but the path of the request and the credential opens a
// closed path.
func TestNothingElseOpensAPath(t *testing.T) {
	g := newGate(t, "", rules)
	trusting := newGate(t, `, trusted_proxies: ["127.0.0.0/8"]`, rules)
	for _, tt := range []struct {
		row, name, target string
		fields            []string
		want              int
	}{
		{"1", "X-Forwarded-Uri", "/private", []string{"X-Forwarded-Uri: /public/x"}, 401},
		{"1", "in other spellings", "/private", []string{"X_Forwarded_Uri: /public/x", "x-forwarded.uri: /public/x", "X-FORWARDED-URI: /public/x"}, 401},
		{"1", "X-Original-URL", "/private", []string{"X-Original-URL: /public/x", "X-Original-URI: /public/x"}, 401},
		{"1", "X-Rewrite-URL", "/private", []string{"X-Rewrite-URL: /public/x"}, 401},
		{"1", "X-Forwarded-Path and -Prefix", "/private", []string{"X-Forwarded-Path: /public/x", "X-Forwarded-Prefix: /public"}, 401},
		{"1", "X-Envoy-Original-Path", "/private", []string{"X-Envoy-Original-Path: /public/x", "X-Envoy-Decorator-Operation: /public"}, 401},
		{"1", "X-Accel-Redirect and Destination", "/private", []string{"X-Accel-Redirect: /public/x", "Destination: /public/x"}, 401},
		{"1", "Referer and Origin", "/private", []string{"Referer: http://api.example/public/x", "Origin: http://api.example"}, 401},
		{"1", "X-Forwarded-Method", "/items/7", []string{"X-Forwarded-Method: DELETE"}, 200},
		{"2", "Google's probe", "/private", []string{"User-Agent: GoogleHC/1.0"}, 401},
		{"2", "Kubernetes' probe", "/private", []string{"User-Agent: kube-probe/1.30"}, 401},
		{"2", "Amazon's probe", "/private", []string{"User-Agent: ELB-HealthChecker/2.0"}, 401},
		{"2", "others", "/private", []string{"User-Agent: Consul Health Check", "X-Health-Check: 1", "X-Appengine-Cron: true", "X-Amz-Cf-Id: x"}, 401},
		{"3", "a path in the query", "/private?x=/status", nil, 401},
		{"3", "a query that looks like a path", "/private?/public/x", nil, 401},
		{"3", "a query that looks like the end", "/private?.css", nil, 401},
		{"3", "an encoded question mark", "/private%3f/public/x", nil, 400},
		{"3", "an open path with another in its query", "/status?/private", nil, 200},
		{"4", "an encoded number sign", "/private%23/public/x", nil, 400},
		{"4", "an encoded number sign before", "/public/x%23/../private", nil, 400},
		{"4", "a number sign", "/private#/public/x", nil, 400},
		{"4", "a number sign in the query", "/private?x#/public/x", nil, 400},
	} {
		t.Run(tt.row+" "+tt.name, func(t *testing.T) {
			for _, g := range []*gate{g, trusting} {
				a := g.get(t, tt.target, tt.fields...)
				if a.StatusCode != tt.want {
					t.Errorf("%d, want %d: %s", a.StatusCode, tt.want, a.Body)
				}
				if tt.want != 200 {
					g.untouched(t, tt.name)
					continue
				}
				if took := g.api.all(); len(took) != 1 || took[0].Target != tt.target || took[0].Method != "GET" {
					t.Errorf("the API got %v", took)
				}
			}
		})
	}
}

// Row 8: of a forwarding field only its exact name is read, from a trusted proxy
// alone.
func TestAliasesOfForwardingFields(t *testing.T) {
	for _, tt := range []struct {
		name, head string
		fields     []string
		proto      string
		host       string
		client     string
	}{
		{"a stranger", "", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-For: 10.9.8.7", "Forwarded: for=10.9.8.7;proto=https;host=evil.example", "X-Real-IP: 10.9.8.7"}, "http", "api.example", "127.0.0.1"},
		{"a trusted proxy", `, trusted_proxies: ["127.0.0.0/8"]`, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example", "X-Forwarded-For: 6.6.6.6, 10.9.8.7"}, "https", "shop.example", "10.9.8.7, 127.0.0.1"},
		{"aliases through a trusted proxy", `, trusted_proxies: ["127.0.0.0/8"]`, []string{"X_Forwarded_Proto: https", "X.Forwarded.Proto: https", "X_Forwarded_Host: evil.example", "x-forwarded_for: 6.6.6.6", "X-Forwarded-Protocol: https", "X-Forwarded-Ssl: on", "X-Url-Scheme: https", "Front-End-Https: on", "Forwarded: for=6.6.6.6;proto=https"}, "http", "api.example", "127.0.0.1"},
		{"nonsense through a trusted proxy", `, trusted_proxies: ["127.0.0.0/8"]`, []string{"X-Forwarded-Proto: gopher", "X-Forwarded-For: unknown, evil"}, "http", "api.example", "127.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGate(t, tt.head, rules)
			g.get(t, "/public/x", tt.fields...)
			took := g.api.all()
			if len(took) != 1 {
				t.Fatalf("the API got %v", took)
			}
			q := took[0]
			if q.value("X-Forwarded-Proto") != tt.proto || q.value("X-Forwarded-Host") != tt.host || q.value("X-Forwarded-For") != tt.client {
				t.Errorf("the API got\n%s", strings.Join(q.Lines, "\n"))
			}
			for _, line := range q.Lines {
				name, _, _ := strings.Cut(line, ":")
				if strings.Contains(name, "_") || strings.Contains(name, ".") || strings.EqualFold(name, "Forwarded") || strings.EqualFold(name, "X-Real-IP") ||
					strings.HasPrefix(name, "X-Forwarded-S") || strings.EqualFold(name, "X-Forwarded-Protocol") {
					t.Errorf("the API got %s", line)
				}
			}
			// The decision too has the one scheme and host.
			a := g.get(t, "/private", tt.fields...)
			if want := `resource_metadata="` + tt.proto + "://" + tt.host + "/"; !strings.Contains(a.Header.Get("WWW-Authenticate"), want) {
				t.Errorf("challenge %s, want %s", a.Header.Get("WWW-Authenticate"), want)
			}
		})
	}
}

// Row 9: what a client calls hop-by-hop takes nothing away that is ours, nor what
// the decision rests on.
func TestConnectionTakesNothingAway(t *testing.T) {
	g := newGate(t, `, trusted_proxies: ["127.0.0.0/8"]`, rules)
	good := token(claims(`,"groups":["staff"]`))
	for _, connection := range []string{
		"close, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Prefix, Authorization, Gate401-Subject, Gate401-Groups, Remote-User, Host, Via, Content-Length",
		"keep-alive, gate401-subject, REMOTE-USER",
		"Gate401_Subject, Gate401.Subject, X_Forwarded_For",
	} {
		a := g.get(t, "/private", "Connection: "+connection, "Authorization: Bearer "+good, "X-Forwarded-For: 10.9.8.7", "X-Forwarded-Prefix: /evil", "Gate401-Subject: root", "Remote-User: root")
		took := g.api.all()
		if a.StatusCode != 200 || len(took) != 1 {
			t.Fatalf("%s: %d %v", connection, a.StatusCode, took)
		}
		q := took[0]
		for name, want := range map[string]string{
			"Gate401-Subject": "alice", "Gate401-Groups": "staff", "Remote-User": "alice", "X-Forwarded-For": "10.9.8.7, 127.0.0.1",
			"X-Forwarded-Prefix": "", "Authorization": "", "Host": g.api.addr,
		} {
			if got := q.value(name); got != want {
				t.Errorf("%s: %s: %q, want %q", connection, name, got, want)
			}
		}
	}
	// It does not hide the credential from the gate either.
	if a := g.get(t, "/private", "Connection: Authorization"); a.StatusCode != 401 {
		t.Errorf("without a credential: %d", a.StatusCode)
	}
	g.clean(t)
}
