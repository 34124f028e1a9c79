package attack

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// closed are spellings that some server reads as a path of the private part, or
// as one that is not the open one it seems to be (rows 10 and 11).
var closed = []string{
	"/public/../private", "/public/./../private", "/public/x/../../private", "/public/..", "/public/.", "/./private", "/../private", "/..",
	"/public/..;/private", "/public/..;x=y/private", "/public;/../private", "/public/x;/private", "/public/;/x", "/public/x;jsessionid=1", "/private;/public/x", "/;/private",
	"/public/%2e%2e/private", "/public/%2E%2e/private", "/public/.%2e/private", "/public/%2e./private", "/public/%2e/private", "/public/%2e%2e",
	"/public/%2e%2e%2fprivate", "/public%2f..%2fprivate", "/public/..%2fprivate", "/public/%2f/private", "/public%2fx", "/%2fprivate", "/public/x%2F..%2F..%2Fprivate",
	"/public/%252e%252e/private", "/public/%25252e%25252e/private", "/public/..%252fprivate", "/public/%25%32%65/x", "/public%255c..%255cprivate",
	"/public\\..\\private", "/public\\private", "\\private", "/public/..\\private", "/public/%5c../private", "/public%5c..%5cprivate", "/public/..%5Cprivate", "/%5cprivate", "/%5c%5cevil.example",
	"//private", "//public/x", "/public//x", "/public//../private", "///private", "//evil.example/private", "/public/x//", "//evil.example:80/public/x",
	"/public/x%00", "/public/%00/../private", "/private%00.css", "/public/x%00/../../private", "/public/x%0a", "/public/x%0d%0aX-Evil:%20y", "/public/x%09", "/public/%7f", "/public/%01",
	"/public/x%23", "/private%23/public", "/public/x%3f", "/private%3F/public", "/public/x%3b", "/public/..%3b/private",
	"/public/%c0%ae%c0%ae/private", "/public/%c0%af../private", "/public/%e0%80%ae%e0%80%ae/private", "/public/%f0%80%80%ae/private", "/public/%c0%2e/x", "/public/%c1%9cprivate", "/public/%ff", "/public/%80", "/public/%ed%a0%80",
	"/public/%u002e%u002e/private", "/public/%uff0e%uff0e/private", "/public/%", "/public/%2", "/public/%zz", "/public/%2x", "/public/%%32%65",
	"/public/..%20/private", "/public/%20../private", "/public/..%20", "/public/.%20./private", "/public/%20.%20/private",
	"/public/%EF%BC%8E%EF%BC%8E/private", "/public/\uff0e\uff0e/private", "/public/%E2%80%A5/private", "/public/..%EF%BC%8Fprivate", "/public/..%E2%88%95private", "/public/..%EF%BC%BCprivate",
}

// Rows 10 and 11: every spelling that two servers may read as two paths is
// refused, and reaches nobody, with a credential and without.
func TestPathsThatAreTwo(t *testing.T) {
	g := newGate(t, "", rules)
	good := "Authorization: Bearer " + token(claims(`,"groups":["admin"]`))
	for _, p := range closed {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
			for _, fields := range []string{"", good + "\n"} {
				a := g.send(t, method+" "+p+" HTTP/1.1\nHost: api.example\n"+fields+"Content-Length: 0\nConnection: close\n\n")
				if a.StatusCode != 400 {
					t.Errorf("%s %s: %d", method, p, a.StatusCode)
				}
			}
		}
	}
	// In absolute-form as well (RFC 9112 section 3.2.2).
	for _, p := range closed {
		if p[0] != '/' {
			continue
		}
		if a := g.get(t, "http://api.example"+p, "Connection: close"); a.StatusCode != 400 {
			t.Errorf("http://api.example%s: %d", p, a.StatusCode)
		}
	}
	g.untouched(t, "all of them")
}

// Spellings of a closed path that are one path are closed too.
func TestSpellingsOfAClosedPath(t *testing.T) {
	g := newGate(t, "", rules)
	for _, p := range []string{
		"/private", "/private/", "/%70rivate", "/%70%72%69%76%61%74%65", "/p%72ivate", "/PRIVATE", "/Private", "/private.", "/private%20", "/private/x", "/private%7E",
		"/public", "/publicx", "/public.", "/Public/x", "/PUBLIC/x", "/%50ublic/x", "/status/x", "/statusx", "/status%20", "/%C5%BFtatus", "/publi\u00e7", "/\u017ftatus", "/items", "http://public/private", "http://api.example/private", "http://evil.example/private",
	} {
		a := g.get(t, p, "Connection: close")
		// "/public" is the open part itself: a pattern with ** matches its base.
		if open := p == "/public" || p == "/items"; open != (a.StatusCode == 200) || (!open && a.StatusCode != 401) {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
		if took := g.api.all(); a.StatusCode == 401 && len(took) > 0 {
			t.Errorf("%s: the API got %v", p, took)
		}
	}
	g.clean(t)
}

// readings are the paths that servers of several habits see in a target.
func readings(target string) []string {
	decode := func(s string) string {
		if d, err := url.PathUnescape(s); err == nil {
			return d
		}
		return s
	}
	without := func(s string) string { // parameters of segments, as servlets drop them
		parts := strings.Split(s, "/")
		for i := range parts {
			parts[i], _, _ = strings.Cut(parts[i], ";")
		}
		return strings.Join(parts, "/")
	}
	once := decode(target)
	return []string{
		target, once, path.Clean(target), path.Clean(once), path.Clean(decode(once)), path.Clean(without(target)), path.Clean(decode(without(target))), path.Clean(without(once)),
		path.Clean(strings.ReplaceAll(once, "\\", "/")), strings.SplitN(once, "\x00", 2)[0], strings.SplitN(once, "#", 2)[0], strings.SplitN(once, "?", 2)[0],
		strings.TrimRight(once, " ."),
	}
}

// Whatever a path is made of: what was judged is what is sent, octet for octet in
// one spelling, and every server, strict or lenient, sees it below the open part.
func TestJudgedIsSent(t *testing.T) {
	g := newGate(t, "", rules)
	piece := rapid.SampledFrom([]string{
		"/", "/", "a", "x", ".", "..", "/../", "/./", "//", "..;/", ";", ";a=b", "%2e", "%2e%2e", "%2E", "%2f", "%2F", "%5c", "\\", "%00", "%23", "%3f", "%3F", "%25", "%252e", "%252f", "%20", " ", "+",
		"private", "public", "\u00fc", "%c3%bc", "%C3%BC", "%c0%ae", "%e0%80%ae", "\xff", "%ff", "~", "%7e", "%41", "%", "%2", "%zz", "!", "'", "(", "*", ":", "@", "&", "=", "$", ",", "[", "]", "{", "|", "^", "\"", "<", "%0a", "%0d", "\t",
	})
	passed := 0
	rapid.Check(t, func(rt *rapid.T) {
		target := "/public/" + strings.Join(rapid.SliceOfN(piece, 0, 9).Draw(rt, "pieces"), "")
		a, err := g.raw("GET " + target + " HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
		if err != nil {
			rt.Fatalf("%q: %v", target, err)
		}
		took := g.api.all()
		if len(took) == 0 {
			// Refused as unreadable, or judged as a path outside of the open part.
			if a.StatusCode != 400 && a.StatusCode != 505 {
				rt.Fatalf("%q: %d", target, a.StatusCode)
			}
			return
		}
		passed++
		sent := took[0].Target
		if len(took) != 1 || a.StatusCode != 200 || a.Header.Get("X-Target") != sent {
			rt.Fatalf("%q: %d %v", target, a.StatusCode, took)
		}
		for _, seen := range readings(sent) {
			if seen != "/public" && !strings.HasPrefix(seen, "/public/") || strings.Contains(seen, "/../") || strings.Contains(seen, "//") {
				rt.Fatalf("%q was sent as %q, which a server may read as %q", target, sent, seen)
			}
		}
		// Said again in the spelling that was sent, it is the same.
		again, err := g.raw("GET " + sent + " HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
		if took = g.api.all(); err != nil || again.StatusCode != 200 || len(took) != 1 || took[0].Target != sent {
			rt.Fatalf("%q was sent as %q, and that as %v", target, sent, took)
		}
		// And it is the path that it was asked for: only the spelling may differ.
		want, err := url.PathUnescape(target)
		if got, bad := url.PathUnescape(sent); err != nil || bad != nil || got != want {
			rt.Fatalf("%q was sent as %q", target, sent)
		}
	})
	if passed == 0 {
		t.Error("no path came through: this proves nothing")
	}
	g.clean(t)
}

// A host has one spelling, and a request has one host (row 27 for rules).
func TestOneHost(t *testing.T) {
	g := newGate(t, "", rules)
	admin := "Authorization: Bearer " + token(claims(`,"groups":["admin"]`))
	staff := "Authorization: Bearer " + token(claims(`,"groups":["staff"]`))
	for _, host := range []string{"admin.example", "ADMIN.example", "Admin.Example.", "admin.example:80", "admin.example:8401", "admin.example.:443"} {
		if a := g.send(t, "GET /public/x HTTP/1.1\nHost: "+host+"\n"+staff+"\n\n"); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s as staff: %d", host, a.StatusCode)
		}
		if a := g.send(t, "GET /public/x HTTP/1.1\nHost: "+host+"\n\n"); a.StatusCode != 401 {
			t.Errorf("%s as nobody: %d", host, a.StatusCode)
		}
		if a := g.send(t, "GET http://"+host+"/public/x HTTP/1.1\nHost: api.example\n\n"); a.StatusCode != 401 {
			t.Errorf("absolute %s: %d", host, a.StatusCode)
		}
		g.untouched(t, host)
		if a := g.send(t, "GET /public/x HTTP/1.1\nHost: "+host+"\n"+admin+"\n\n"); a.StatusCode != 200 {
			t.Errorf("%s as admin: %d", host, a.StatusCode)
		}
		g.api.all()
	}
	for _, tt := range []struct{ name, text string }{
		{"two hosts", "GET /public/x HTTP/1.1\nHost: api.example\nHost: admin.example\n\n"},
		{"two equal hosts", "GET /public/x HTTP/1.1\nHost: api.example\nHost: api.example\n\n"},
		{"two hosts in other cases", "GET /public/x HTTP/1.1\nHost: api.example\nhost: admin.example\n\n"},
		{"a list of hosts", "GET /public/x HTTP/1.1\nHost: api.example, admin.example\n\n"},
		{"a user before the host", "GET /public/x HTTP/1.1\nHost: api.example@admin.example\n\n"},
		{"a path behind the host", "GET /public/x HTTP/1.1\nHost: api.example/admin.example\n\n"},
		{"a query behind the host", "GET /public/x HTTP/1.1\nHost: api.example?admin.example\n\n"},
		{"a number sign", "GET /public/x HTTP/1.1\nHost: api.example#admin.example\n\n"},
		{"an escape", "GET /public/x HTTP/1.1\nHost: %61dmin.example\n\n"},
		{"a backslash", "GET /public/x HTTP/1.1\nHost: api.example\\admin.example\n\n"},
		{"letters beyond ASCII", "GET /public/x HTTP/1.1\nHost: \u24d0dmin.example\n\n"},
		{"a space inside", "GET /public/x HTTP/1.1\nHost: api.example admin.example\n\n"},
		{"a tab inside", "GET /public/x HTTP/1.1\nHost: api.example\tadmin.example\n\n"},
		{"a folded host", "GET /public/x HTTP/1.1\nHost: api.example\n admin.example\n\n"},
		{"no host", "GET /public/x HTTP/1.1\n\n"},
		{"a space before the colon", "GET /public/x HTTP/1.1\nHost : admin.example\nHost: api.example\n\n"},
	} {
		if a := g.send(t, tt.text); a.StatusCode != 400 {
			t.Errorf("%s: %d", tt.name, a.StatusCode)
		}
	}
	g.untouched(t, "all of them")
	// The API is told its own name: what it serves is not the client's to choose.
	g.send(t, "GET http://other.example/public/x HTTP/1.1\nHost: evil.example\n\n")
	if took := g.api.all(); len(took) != 1 || took[0].value("Host") != g.api.addr || took[0].value("X-Forwarded-Host") != "other.example" {
		t.Errorf("the API got %v", took)
	}
}
