package access_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
)

// anyMethods accepts one method whatever is asked for, and knows only "key" and
// "password".
func anyMethods(names []string) ([]gate401.Authenticator, error) {
	for _, n := range names {
		if n != "key" && n != "password" {
			return nil, errors.New("unknown method " + n)
		}
	}
	return []gate401.Authenticator{gate401.NewFunc("test", "Bearer", "orders", nil)}, nil
}

func compile(t testing.TB, otherwise access.Rule, rules ...access.Rule) *access.Policy {
	t.Helper()
	p, err := access.Compile(rules, otherwise, anyMethods)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask says which rule judges a request whose path is spelt in any way.
func ask(t testing.TB, p *access.Policy, verb, host, path string) gate401.Requirement {
	t.Helper()
	canonical, err := gate401.CanonicalPath(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p.Requirement(&gate401.Request{Method: verb, Host: host, Path: canonical})
}

func paths(list ...string) []access.Rule {
	var rules []access.Rule
	for _, s := range list {
		rules = append(rules, access.Rule{Path: s})
	}
	return rules
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"/", []string{"/"}, []string{"/a", "/a/"}},
		{"/orders", []string{"/orders", "/orders/", "/%6Frders", "/orders%2D"[:7]}, []string{"/orders/7", "/Orders", "/ordersX", "/", "/order"}},
		{"/orders/", []string{"/orders/"}, []string{"/orders", "/orders/7"}},
		{"/orders/*", []string{"/orders/7", "/orders/7/", "/orders/%2A"}, []string{"/orders", "/orders/", "/orders/7/lines"}},
		{"/orders/*/", []string{"/orders/7/"}, []string{"/orders/7", "/orders/"}},
		{"/orders/**", []string{"/orders", "/orders/", "/orders/7", "/orders/7/lines/"}, []string{"/ordersX", "/", "/order"}},
		{"/users/{user}", []string{"/users/ada", "/users/ada/"}, []string{"/users", "/users/", "/users/ada/orders"}},
		{"/users/{user}/orders", []string{"/users/ada/orders", "/users/ada/orders/"}, []string{"/users//orders"[:7], "/users/ada", "/users/ada/orders/7"}},
		{"/**", []string{"/", "/a", "/a/b/"}, nil},
		{"/caf%C3%A9", []string{"/café", "/caf%c3%a9", "/%63af%C3%A9/"}, []string{"/cafe", "/caf%C3"}},
		{"/café", []string{"/café", "/caf%c3%a9"}, []string{"/cafe"}},
		{"/a@b", []string{"/a@b", "/a%40b"}, []string{"/ab"}},
		{"/v1/p:list", []string{"/v1/p:list", "/v1/p%3Alist", "/v1/%70%3alist"}, []string{"/v1/p"}},
		{"/a%21", []string{"/a!", "/a%21"}, []string{"/a"}},
		{"/%2A", []string{"/*", "/%2A", "/%2a"}, []string{"/x"}},
		{"/%7Bx%7D", []string{"/{x}", "/%7bx%7d"}, []string{"/x"}},
	} {
		p := compile(t, access.Rule{}, access.Rule{Name: "it", Path: tt.pattern})
		for _, path := range tt.yes {
			if got := ask(t, p, "GET", "", path).Rule; got != "it" {
				t.Errorf("%s does not match %s", tt.pattern, path)
			}
		}
		for _, path := range tt.no {
			if canonical, err := gate401.CanonicalPath(path); err == nil {
				if got := ask(t, p, "GET", "", canonical).Rule; got != "default" {
					t.Errorf("%s matches %s", tt.pattern, path)
				}
			}
		}
	}
}

func TestMostSpecificWins(t *testing.T) {
	rules := []access.Rule{
		{Path: "/**"},
		{Path: "/users/*/orders"},
		{Path: "/users/{user}/**"},
		{Path: "/users/{id}/orders"},
		{Path: "/users/{id}/orders", Verbs: []string{"GET"}},
		{Path: "/users/ada/**"},
		{Host: "*.example.com", Path: "/**"},
		{Host: "*.b.example.com", Path: "/**"},
		{Host: "a.b.example.com", Path: "/only"},
		{Path: "/admin"},
		{Path: "/admin/"},
		{Path: "/admin/**", Verbs: []string{"POST"}},
	}
	for _, tt := range []struct{ verb, host, path, want string }{
		{"GET", "", "/users/ada/orders", "/users/ada/**"},
		{"GET", "", "/users/bob/orders", "GET /users/{id}/orders"},
		{"HEAD", "", "/users/bob/orders", "GET /users/{id}/orders"},
		{"POST", "", "/users/bob/orders", "/users/{id}/orders"},
		{"POST", "", "/users/bob", "/users/{user}/**"},
		{"POST", "", "/users", "/**"},
		{"GET", "example.com", "/x", "/**"},
		{"GET", "x.example.com", "/users/ada/orders", "*.example.com/**"},
		{"GET", "x.y.example.com", "/", "*.example.com/**"},
		{"GET", "b.example.com", "/", "*.example.com/**"},
		{"GET", "x.b.example.com", "/", "*.b.example.com/**"},
		{"GET", "a.b.example.com", "/only", "a.b.example.com/only"},
		{"GET", "a.b.example.com", "/other", "*.b.example.com/**"},
		{"GET", ".example.com", "/", "/**"},
		{"GET", strings.Repeat("x.", 5000) + "example.com", "/", "*.example.com/**"},
		{"GET", strings.Repeat(".", 50000), "/", "/**"},
		{"GET", "", "/admin", "/admin"},
		{"GET", "", "/admin/", "/admin/"},
		{"POST", "", "/admin/x", "POST /admin/**"},
		{"GET", "", "/admin/x", "/**"},
		{"get", "", "/users/bob/orders", "/users/{id}/orders"},
	} {
		for _, backwards := range []bool{false, true} {
			list := append([]access.Rule(nil), rules...)
			if backwards {
				for i := range list {
					list[i] = rules[len(rules)-1-i]
				}
			}
			p := compile(t, access.Rule{}, list...)
			if got := ask(t, p, tt.verb, tt.host, tt.path).Rule; got != tt.want {
				t.Errorf("%s %.40s%s: %q, want %q", tt.verb, tt.host, tt.path, got, tt.want)
			}
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	net := netip.MustParsePrefix("10.0.0.0/8")
	cors := &gate401.CORS{Origins: []string{"https://shop.example"}}
	p := compile(t, access.Rule{Groups: []string{"staff"}},
		access.Rule{Path: "/open", Anyone: true},
		access.Rule{Path: "/shut", Nobody: true},
		access.Rule{Name: "full", Path: "/u/{who}/**", Owner: "{who}", Scopes: []string{"a:r"}, Groups: []string{"g"},
			Addresses: []netip.Prefix{net}, MaxAge: time.Minute, CORS: cors, Methods: []string{"key"}},
	)
	q := ask(t, p, "GET", "", "/open")
	if !q.Open || len(q.Accept) != 0 {
		t.Errorf("open: %+v", q)
	}
	q = ask(t, p, "GET", "", "/shut")
	if q.Open || len(q.Accept) != 0 || q.Rule != "/shut" {
		t.Errorf("shut: %+v", q)
	}
	q = ask(t, p, "GET", "", "/else")
	if q.Open || len(q.Accept) != 1 || q.Rule != "default" || !cmp.Equal(q.Groups, []string{"staff"}) {
		t.Errorf("default: %+v", q)
	}
	q = ask(t, p, "GET", "", "/u/ada%40example.com/x")
	if q.Rule != "full" || !q.Owned || q.Owner != "ada@example.com" || !cmp.Equal(q.Scopes, []string{"a:r"}) ||
		!cmp.Equal(q.Groups, []string{"g"}) || q.Addresses[0] != net || q.MaxAge != time.Minute || q.CORS.Origins[0] != cors.Origins[0] {
		t.Errorf("full: %+v", q)
	}
	if got := ask(t, p, "GET", "", "/u/J%C3%BCrgen").Owner; got != "Jürgen" {
		t.Errorf("owner %q", got)
	}
	cors.Origins[0] = "https://evil.example"
	if q.CORS.Origins[0] == cors.Origins[0] {
		t.Error("the policy shares memory with the rule")
	}
}

func TestZeroPolicyRefuses(t *testing.T) {
	r := &gate401.Request{Method: "GET", Path: "/"}
	for name, p := range map[string]*access.Policy{"nil": nil, "zero": {}} {
		if q := p.Requirement(r); q.Rule != "" || q.Open || len(q.Accept) > 0 {
			t.Errorf("%s policy asks %+v", name, q)
		}
		if p.Explain("GET", "", "/") != nil || p.Lint() != nil {
			t.Errorf("%s policy explains", name)
		}
	}
	open := compile(t, access.Rule{Anyone: true})
	for _, path := range []string{"", "*", "x"} {
		if q := open.Requirement(&gate401.Request{Method: "GET", Path: path}); q.Open || q.Rule != "" {
			t.Errorf("path %q is judged: %+v", path, q)
		}
	}
}

func TestFaults(t *testing.T) {
	rule := func(change func(*access.Rule)) []access.Rule {
		r := access.Rule{Path: "/x/{a}"}
		change(&r)
		return []access.Rule{r}
	}
	for _, tt := range []struct {
		name  string
		rules []access.Rule
		def   access.Rule
		want  []string
	}{
		{"no path", []access.Rule{{}}, access.Rule{}, []string{"rule 0, path: the path is missing; for all paths write /**"}},
		{"relative", paths("x"), access.Rule{}, []string{"rule 0 (x), path: the path does not begin with a slash"}},
		{"never matches", paths("/a//b", "/a/../b", "/a;b", "/a%2Fb", "/a?b", "/%zz", "/a/\x01"), access.Rule{}, []string{
			"rule 0 (/a//b), path: an empty segment matches no request",
			`rule 1 (/a/../b), path: "/.." matches no request: dot segment at offset 1`,
			`rule 2 (/a;b), path: "/a;b" matches no request: path parameter (;) at offset 2`,
			`rule 3 (/a%2Fb), path: "/a%2Fb" matches no request: encoded '/' at offset 2`,
			`rule 4 (/a?b), path: "/a?b" matches no request: '?' inside the path at offset 2`,
			`rule 5 (/%zz), path: "/%zz" matches no request: broken percent-encoding at offset 1`,
			"rule 6 (/a/\x01), path: \"/\\x01\" matches no request: control character or space at offset 1",
		}},
		{"deep inside", paths("/**/x", "/**/"), access.Rule{}, []string{
			`rule 0 (/**/x), path: "**" stands for the whole rest and can only be the end`,
			`rule 1 (/**/), path: "**" stands for the whole rest and can only be the end`}},
		{"part of a segment", paths("/{name}.json", "/a*", "/{}", "/{1}", "/{a}/{a}"), access.Rule{}, []string{
			`rule 0 (/{name}.json), path: "{name}.json": captures and * stand for whole segments (the character itself is written %7B)`,
			`rule 1 (/a*), path: "a*": captures and * stand for whole segments (the character itself is written %2A)`,
			`rule 2 (/{}), path: "" is no name for a capture: letters, digits and _, no digit first`,
			`rule 3 (/{1}), path: "1" is no name for a capture: letters, digits and _, no digit first`,
			`rule 4 (/{a}/{a}), path: the capture {a} is there twice`}},
		{"two rules", paths("/a/{x}", "/a/{y}", "/a/b", "/%61/b"), access.Rule{}, []string{
			"rule 1 (/a/{y}), path: rule 0 (/a/{x}) is for the same host and path, and neither is more specific",
			"rule 3 (/%61/b), path: rule 2 (/a/b) is for the same host and path, and neither is more specific"}},
		{"two rules for a verb", []access.Rule{{Path: "/a", Verbs: []string{"PUT", "GET"}}, {Path: "/a", Verbs: []string{"POST", "GET"}}}, access.Rule{},
			[]string{"rule 1 (POST,GET /a), path: rule 0 (PUT,GET /a) is for the same host, path and verb GET, and neither is more specific"}},
		{"three rules for verbs", []access.Rule{{Path: "/a", Verbs: []string{"PUT"}}, {Path: "/a", Verbs: []string{"PUT", "POST"}}, {Path: "/a", Verbs: []string{"POST"}}}, access.Rule{},
			[]string{"rule 1 (PUT,POST /a), path: rule 0 (PUT /a) is for the same host, path and verb PUT, and neither is more specific",
				"rule 2 (POST /a), path: rule 1 (PUT,POST /a) is for the same host, path and verb POST, and neither is more specific"}},
		{"verbs", rule(func(r *access.Rule) { r.Verbs = []string{"get", "B D", "PUT", "PUT"} }), access.Rule{}, []string{
			`rule 0 (get,B D,PUT,PUT /x/{a}), verbs: "get": request methods are case-sensitive, write GET`,
			`rule 0 (get,B D,PUT,PUT /x/{a}), verbs: "B D" is no request method`,
			`rule 0 (get,B D,PUT,PUT /x/{a}), verbs: PUT is there twice`}},
		{"head alone", rule(func(r *access.Rule) { r.Verbs = []string{"HEAD"} }), access.Rule{}, []string{
			"rule 0 (HEAD /x/{a}), verbs: HEAD without GET: the answer to HEAD tells what GET would, so list GET, which includes it"}},
		{"owner", append(rule(func(r *access.Rule) { r.Owner = "{b}" }), access.Rule{Path: "/y/{a}", Owner: "ada"}), access.Rule{}, []string{
			"rule 0 (/x/{a}), owner: the path /x/{a} has no capture {b}",
			`rule 1 (/y/{a}), owner: "ada" is no capture; write it as {name}`}},
		{"host", []access.Rule{{Host: "a:80", Path: "/"}, {Host: "a.*", Path: "/"}, {Host: "ä", Path: "/"}, {Host: "a..b", Path: "/"}, {Host: "*.", Path: "/"}}, access.Rule{}, []string{
			"rule 0 (a:80/), host: a rule is for a host, without scheme and port",
			`rule 1 (a.*/), host: "*." can only be the beginning, and stands for any number of labels`,
			"rule 2 (ä/), host: write the host in ASCII (xn--...), as it is on the wire",
			`rule 3 (a..b/), host: "a..b" has an empty label`,
			`rule 4 (*./), host: "*." can only be the beginning, and stands for any number of labels`}},
		{"contradiction", rule(func(r *access.Rule) { r.Anyone, r.Groups, r.Owner = true, []string{"g"}, "{a}" }), access.Rule{Anyone: true, Nobody: true}, []string{
			"rule 0 (/x/{a}), groups: the rule admits anyone, so this would never be asked",
			"rule 0 (/x/{a}), owner: the rule admits anyone, so this would never be asked",
			"default, allow: both anyone and nobody"}},
		{"values", rule(func(r *access.Rule) {
			r.Scopes, r.Groups, r.MaxAge, r.Addresses = []string{"a b"}, []string{""}, -1, []netip.Prefix{{}, netip.MustParsePrefix("::ffff:10.0.0.0/104")}
		}), access.Rule{}, []string{
			`rule 0 (/x/{a}), scopes: scope 0 is no scope token (RFC 6749 section 3.3): "a b"`,
			"rule 0 (/x/{a}), groups: group 0 is empty or holds a control character",
			"rule 0 (/x/{a}), addresses: an invalid network",
			"rule 0 (/x/{a}), addresses: ::ffff:10.0.0.0/104 never matches: write it as an IPv4 network",
			"rule 0 (/x/{a}), max_age: -1ns is negative"}},
		{"cors", rule(func(r *access.Rule) { r.CORS = &gate401.CORS{Origins: []string{"*"}, Credentials: true} }), access.Rule{CORS: &gate401.CORS{}}, []string{
			"rule 0 (/x/{a}), cors: any origin with credentials would let every page act for the person (Fetch standard)",
			"default, cors: no origins"}},
		{"method", rule(func(r *access.Rule) { r.Methods = []string{"jwt"} }), access.Rule{}, []string{"rule 0 (/x/{a}), methods: unknown method jwt"}},
		{"names", []access.Rule{{Name: "a", Path: "/1"}, {Name: "a", Path: "/2"}, {Name: "default", Path: "/3"}}, access.Rule{}, []string{
			"rule 1 (a), name: rule 0 has the same name",
			`rule 2 (default), name: "default" is the name of the default`}},
		{"names that were not given", []access.Rule{{Name: "/2", Path: "/1"}, {Path: "/2"}, {Path: "/3", Verbs: []string{"GET"}}, {Name: "GET /3", Path: "/4"}}, access.Rule{}, []string{
			"rule 1 (/2), name: rule 0 has the same name",
			"rule 3 (GET /3), name: rule 2 has the same name"}},
		{"default", nil, access.Rule{Path: "/**", Host: "a", Verbs: []string{"GET"}}, []string{
			"default, host: the default is for every request and has none",
			"default, path: the default is for every request and has none",
			"default, verbs: the default is for every request and has none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := access.Compile(tt.rules, tt.def, anyMethods)
			if err == nil || p != nil {
				t.Fatalf("policy %v, error %v", p, err)
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Error(diff)
			}
			var one *access.Error
			if !errors.As(err, &one) || one.Field == "" {
				t.Errorf("no typed error in %v", err)
			}
		})
	}
	if _, err := access.Compile(nil, access.Rule{}, nil); err == nil {
		t.Error("a policy without methods")
	}
	if _, err := access.Compile(nil, access.Rule{}, func([]string) ([]gate401.Authenticator, error) { return nil, nil }); err == nil {
		t.Error("a policy whose methods are none")
	}
}

func TestExplain(t *testing.T) {
	p := compile(t, access.Rule{},
		access.Rule{Path: "/**"},
		access.Rule{Path: "/a/*"},
		access.Rule{Path: "/a/{x}", Verbs: []string{"POST"}},
		access.Rule{Path: "/a/{x}"},
		access.Rule{Path: "/b"},
		access.Rule{Host: "*.example.com", Path: "/a/**"},
	)
	want := []access.Candidate{
		{Index: 5, Rule: "*.example.com/a/**", Won: true, Why: "is the most specific rule that matches"},
		{Index: 2, Rule: "POST /a/{x}", Why: "is for POST only"},
		{Index: 3, Rule: "/a/{x}", Why: `rule "*.example.com/a/**" is for a more specific host`},
		{Index: 1, Rule: "/a/*", Why: `rule "*.example.com/a/**" is for a more specific host`},
		{Index: 0, Rule: "/**", Why: `rule "*.example.com/a/**" is for a more specific host`},
		{Index: -1, Rule: "default", Why: "is for what no rule matches"},
	}
	if diff := cmp.Diff(want, p.Explain("GET", "x.example.com", "/a/1")); diff != "" {
		t.Error(diff)
	}
	want = []access.Candidate{
		{Index: 2, Rule: "POST /a/{x}", Won: true, Why: "is the most specific rule that matches"},
		{Index: 3, Rule: "/a/{x}", Why: `rule "POST /a/{x}" lists the verb`},
		{Index: 1, Rule: "/a/*", Why: `rule "POST /a/{x}" has a more specific path`},
		{Index: 0, Rule: "/**", Why: `rule "POST /a/{x}" has a more specific path`},
		{Index: -1, Rule: "default", Why: "is for what no rule matches"},
	}
	if diff := cmp.Diff(want, p.Explain("POST", "", "/a/1")); diff != "" {
		t.Error(diff)
	}
}

func TestLint(t *testing.T) {
	admin := []string{"admin"}
	for _, tt := range []struct {
		name  string
		def   access.Rule
		rules []access.Rule
		want  []string
	}{
		{"nothing to say", access.Rule{}, []access.Rule{{Path: "/health", Anyone: true}, {Path: "/admin/**", Groups: admin}, {Path: "/users/{u}/**", Owner: "{u}"}}, nil},
		{"verbs", access.Rule{}, []access.Rule{{Path: "/admin/**", Verbs: []string{"GET"}, Groups: admin}},
			[]string{`/admin/** verbs: POST, PUT, PATCH, DELETE /admin/** goes to "default", which asks less`}},
		{"verbs, two ways", access.Rule{}, []access.Rule{{Path: "/a/**", Verbs: []string{"GET"}, Groups: admin}, {Path: "/a/**", Verbs: []string{"PUT"}, Scopes: []string{"w"}}},
			[]string{`/a/** verbs: POST, PATCH, DELETE /a/** goes to "default", which asks less`,
				`/a/** verbs: POST, PATCH, DELETE /a/** goes to "default", which asks less`}},
		{"verbs, covered", access.Rule{}, []access.Rule{{Path: "/a/**", Verbs: []string{"GET"}, Scopes: []string{"r"}}, {Path: "/a/**", Scopes: []string{"w"}}}, nil},
		{"verbs, default denies", access.Rule{Nobody: true}, []access.Rule{{Path: "/admin/**", Verbs: []string{"GET"}, Groups: admin}}, nil},
		{"below", access.Rule{}, []access.Rule{{Path: "/admin", Groups: admin}}, []string{`/admin path: what is below /admin goes to "default", which asks less`}},
		{"slash", access.Rule{}, []access.Rule{{Path: "/slash/", Groups: admin}}, []string{`/slash/ path: what is below /slash/ goes to "default", which asks less`,
			`/slash/ path: /slash, without the slash, goes to "default", which asks less`}},
		{"slash, a scope", access.Rule{}, []access.Rule{{Path: "/a/{b}/", Scopes: []string{"r"}}}, []string{`/a/{b}/ path: /a/{b}, without the slash, goes to "default", which asks less`}},
		{"slash, covered", access.Rule{}, []access.Rule{{Path: "/slash/", Groups: admin}, {Path: "/slash/**", Groups: admin}}, nil},
		{"slash, asks no more", access.Rule{}, []access.Rule{{Path: "/slash/"}}, nil},
		{"slash, root", access.Rule{Anyone: true}, []access.Rule{{Path: "/", Groups: admin}, {Path: "/**", Groups: admin}}, []string{"default allow: everything that no rule matches is open to anyone"}},
		{"hidden", access.Rule{}, []access.Rule{{Path: "/a/*"}, {Path: "/a/{x}"}}, []string{`/a/* path: never reached: rule "/a/{x}" matches the same requests first`}},
		{"open default", access.Rule{Anyone: true}, nil, []string{"default allow: everything that no rule matches is open to anyone"}},
		{"host hides", access.Rule{}, []access.Rule{{Path: "/admin/**", Groups: admin}, {Host: "a.example", Path: "/**"}},
			[]string{`a.example/** host: on a.example it comes before "/admin/**", which asks more`}},
		{"host is said", access.Rule{}, []access.Rule{{Host: "*.a.example", Path: "/admin/**", Groups: admin}},
			[]string{`*.a.example/admin/** host: under any other host name /admin/** goes to "default", which asks less, and the client chooses the name`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range compile(t, tt.def, tt.rules...).Lint() {
				name := w.Rule
				if _, path, ok := strings.Cut(name, " "); ok {
					name = path
				}
				got = append(got, name+" "+w.Field+": "+w.Message)
				if w.Hint == "" {
					t.Error("no hint")
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
