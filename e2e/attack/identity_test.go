package attack

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// folded is a field name as a server sees it that takes all punctuation for one
// character, as CGI does (RFC 3875 section 4.1.18).
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return '-'
	}, name)
}

// ours are the names that no client may fill, folded.
var ours = []string{
	"gate401-subject", "gate401-groups", "gate401-request-id", "remote-user", "remote-groups", "x-auth-user", "x-auth-scopes",
	"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-forwarded-uri", "x-forwarded-user", "x-forwarded-port",
	"forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "x-original-url", "x-original-uri", "x-rewrite-url", "x-http-method-override",
	"x-http-method", "x-method-override", "x-request-id", "proxy", "authorization", "x-api-key",
	"x-forwarded", "x-forward-for", "forwarded-for", "cf-connecting-ip", "wl-proxy-client-ip", "x-http-host-override", "front-end-https",
	"x-remote-user", "x-auth-request-user", "client-cert",
}

// Rows 5 and 6: no spelling of a field that says who is asking, where from, or
// what is meant, comes through from a client. Names are made of those of the
// fields, with any punctuation that a field name may hold (RFC 9110 section 5.6.2)
// and any case.
func TestNoSpellingComesThrough(t *testing.T) {
	g := newGate(t, "", rules)
	good := token(claims(`,"groups":["staff"],"scope":"read"`))
	name := rapid.Custom(func(t *rapid.T) string {
		out := ""
		for _, c := range rapid.SampledFrom(ours).Draw(t, "of") {
			switch {
			case c == '-':
				out += rapid.SampledFrom([]string{"-", "-", "_", ".", "~", "!", "+", "*", "'", "^", "|", "#", "$", "%", "&", "`"}).Draw(t, "punctuation")
			case rapid.Bool().Draw(t, "upper"):
				out += strings.ToUpper(string(c))
			default:
				out += string(c)
			}
		}
		return out
	})
	rapid.Check(t, func(rt *rapid.T) {
		var fields []string
		for _, n := range rapid.SliceOfN(name, 1, 12).Draw(rt, "names") {
			// Of these two the exact name, in any case, is the credential itself.
			if strings.EqualFold(n, "authorization") || strings.EqualFold(n, "x-api-key") {
				continue
			}
			fields = append(fields, n+": spoofed")
		}
		proven := rapid.Bool().Draw(rt, "proven")
		target := "/public/x"
		if proven {
			target = "/private"
			fields = append(fields, "Authorization: Bearer "+good)
		}
		a, err := g.raw("GET " + target + " HTTP/1.1\r\nHost: api.example\r\n" + strings.Join(append(fields, "Connection: close"), "\r\n") + "\r\n\r\n")
		if err != nil || a.StatusCode != 200 {
			rt.Fatalf("%v %v: %+v", fields, err, a)
		}
		took := g.api.all()
		if len(took) != 1 {
			rt.Fatalf("the API got %v", took)
		}
		for _, line := range took[0].Lines {
			n, v, _ := strings.Cut(line, ":")
			if slices.Contains(ours, folded(n)) && strings.Contains(v, "spoofed") {
				rt.Fatalf("the API got %q", line)
			}
		}
		want := map[string]string{"Gate401-Subject": "", "Gate401-Groups": "", "Remote-User": "", "X-Auth-User": "", "X-Auth-Scopes": "", "Authorization": ""}
		if proven {
			want = map[string]string{"Gate401-Subject": "alice", "Gate401-Groups": "staff", "Remote-User": "alice", "X-Auth-User": "alice", "X-Auth-Scopes": "read", "Authorization": ""}
		}
		for n, v := range want {
			if got := took[0].value(n); got != v {
				rt.Fatalf("%s: %q, want %q", n, got, v)
			}
		}
	})
	g.clean(t)
}

// Row 7: what an identity does not have is absent, and not the client's.
func TestWhatAnIdentityLacks(t *testing.T) {
	g := newGate(t, "", rules)
	a := g.get(t, "/private", "Authorization: Bearer "+token(claims("")), "Gate401-Groups: admin", "Remote-Groups: admin", "X-Auth-Scopes: admin", "Gate401-Anything: admin", "Gate401-Issuer: x")
	took := g.api.all()
	if a.StatusCode != 200 || len(took) != 1 {
		t.Fatalf("%d %v", a.StatusCode, took)
	}
	if text := strings.Join(took[0].Lines, "\n"); strings.Contains(text, "admin") || strings.Contains(text, "Gate401-Issuer") || took[0].value("Remote-User") != "alice" {
		t.Errorf("the API got\n%s", text)
	}
}

// No method but that of the request line decides or is acted upon: no field and
// no parameter that some servers take for it comes through.
func TestNoMethodOverride(t *testing.T) {
	g := newGate(t, "", rules)
	for _, tt := range []struct {
		name, line, fields, body string
		wantStatus               int
		wantMethod, wantTarget   string
	}{
		{"on GET", "GET /items/7", "X-HTTP-Method-Override: DELETE\nX-HTTP-Method: DELETE\nX-Method-Override: DELETE\n", "", 200, "GET", "/items/7"},
		{"other spellings", "GET /items/7", "X_HTTP_METHOD_OVERRIDE: DELETE\nx-http-method.override: DELETE\nX-Http_Method: DELETE\n", "", 200, "GET", "/items/7"},
		{"in the query", "GET /items/7?_method=DELETE&page=2", "", "", 200, "GET", "/items/7?page=2"},
		{"in the query alone", "GET /items/7?_method=DELETE", "", "", 200, "GET", "/items/7"},
		{"in the query, encoded", "GET /items/7?page=2&%5fmethod=DELETE&_Method=PUT", "", "", 200, "GET", "/items/7?page=2"},
		{"in the query twice", "GET /items/7?_method=GET&a=1&_method=DELETE", "", "", 200, "GET", "/items/7?a=1"},
		{"on POST with a right to POST", "POST /items/7?_method=DELETE", "Authorization: Bearer " + token(claims("")) + "\nContent-Length: 0\nX-HTTP-Method-Override: DELETE\n", "", 200, "POST", "/items/7"},
		{"to a method that is open", "DELETE /items/7?_method=GET", "X-HTTP-Method-Override: GET\n", "", 401, "", ""},
		{"lower case", "delete /items/7", "", "", 400, "", ""},
		{"mixed case", "Get /items/7", "", "", 400, "", ""},
		{"a method behind another", "GETDELETE /items/7", "", "", 401, "", ""},
		{"nobody's method", "PURGE /items/7", "", "", 401, "", ""},
		{"TRACE", "TRACE /items/7", "", "", 401, "", ""},
		{"CONNECT", "CONNECT api.example:80", "", "", 400, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := g.send(t, tt.line+" HTTP/1.1\nHost: api.example\n"+tt.fields+"Connection: close\n\n"+tt.body)
			if a.StatusCode != tt.wantStatus {
				t.Errorf("%d, want %d", a.StatusCode, tt.wantStatus)
			}
			took := g.api.all()
			if tt.wantMethod == "" {
				if len(took) > 0 {
					t.Errorf("the API got %v", took)
				}
				return
			}
			if len(took) != 1 || took[0].Method != tt.wantMethod || took[0].Target != tt.wantTarget || strings.Contains(strings.Join(took[0].Lines, ""), "DELETE") {
				t.Errorf("the API got %v", took)
			}
		})
	}
}

// Whatever a query holds, of the rest of it no octet changes.
func TestQueryIsSentAsItCame(t *testing.T) {
	g := newGate(t, "", rules)
	piece := rapid.SampledFrom([]string{"a", "=", "&", "%20", "+", "%zz", "%", ";", "/", "?", "..", "//", "%2f", "%00", "\u00fc", "[", "]", "{", "}", "'", "\"", "\\", "|", "^", "_methods", "method", "~", "%5F", "&&", "==", "@", ":"})
	rapid.Check(t, func(rt *rapid.T) {
		query := strings.Join(rapid.SliceOfN(piece, 0, 10).Draw(rt, "pieces"), "")
		if strings.Contains(query, "#") {
			rt.Skip()
		}
		if asksForMethod(query) {
			rt.Skip()
		}
		a, err := g.raw("GET /public/x?" + query + " HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
		if err != nil {
			rt.Fatal(err)
		}
		took := g.api.all()
		if a.StatusCode == 400 && len(took) == 0 {
			return
		}
		// "?" alone says no more than nothing.
		if want := strings.TrimSuffix(fmt.Sprintf("/public/x?%s", query), "?"); len(took) != 1 || strings.TrimSuffix(took[0].Target, "?") != want {
			rt.Fatalf("%d, the API got %v, want %s", a.StatusCode, took, want)
		}
	})
	g.clean(t)
}

// asksForMethod tells whether a server may take a parameter for _method: some part
// at ";" too, and PHP ends a name at NUL and reads ".method" and "[method" as
// _method.
func asksForMethod(query string) bool {
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
		if len(name) == len("_method") && strings.ContainsAny(name[:1], "_.[ ") && strings.EqualFold(name[1:], "method") {
			return true
		}
	}
	return false
}
