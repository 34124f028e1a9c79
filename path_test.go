package gate401_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"pgregory.net/rapid"
)

func TestCanonicalPath(t *testing.T) {
	for _, c := range []struct {
		name, in, want string // want "" means refused
	}{
		{"plain", "/orders/42", "/orders/42"},
		{"root", "/", "/"},
		{"trailing slash stays", "/orders/", "/orders/"},
		{"unreserved is decoded", "/%61dmin/%7Ebob", "/admin/~bob"},
		{"hex in upper case", "/caf%c3%a9", "/caf%C3%A9"},
		{"raw octets are encoded", "/café", "/caf%C3%A9"},
		{"space stays encoded", "/a%20b", "/a%20b"},
		{"reserved stays as it is", "/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="},
		{"reserved is decoded", "/v1/x%3Aexport%40%21%24%26%27%28%29%2a%2b%2c%3d", "/v1/x:export@!$&'()*+,="},
		{"one odd octet changes no other", "/a!|", "/a!%7C"},
		{"dots inside a segment", "/a..b/...", "/a..b/..."},
		{"hidden file", "/.well-known/x", "/.well-known/x"},

		{"empty", "", ""},
		{"relative", "orders", ""},
		{"asterisk", "*", ""},
		{"dot segment", "/public/../admin", ""},
		{"dot segment at the end", "/public/..", ""},
		{"single dot", "/./admin", ""},
		{"encoded dots", "/public/%2e%2e/admin", ""},
		{"half encoded dots", "/public/.%2E/admin", ""},
		{"dots with a parameter", "/public/..;/admin", ""},
		{"path parameter", "/admin;x=1", ""},
		{"encoded semicolon", "/admin%3Bx", ""},
		{"empty segment", "//admin", ""},
		{"empty segment inside", "/a//b", ""},
		{"backslash", `/public\..\admin`, ""},
		{"encoded backslash", "/public%5c..%5cadmin", ""},
		{"encoded slash", "/public%2fadmin", ""},
		{"double encoding", "/public/%252e%252e/admin", ""},
		{"NUL", "/admin%00.png", ""},
		{"encoded line feed", "/a%0ab", ""},
		{"encoded DEL", "/a%7f", ""},
		{"raw space", "/a b", ""},
		{"fragment", "/private#/public", ""},
		{"encoded fragment", "/private%23/public", ""},
		{"encoded question mark", "/private%3f/public", ""},
		{"overlong dots", "/public/%c0%ae%c0%ae%c0%afprivate", ""},
		{"a lone octet", "/a%ff", ""},
		{"dots and a space", "/public/..%20/private", ""},
		{"a dot and spaces", "/public/.%20%20/private", ""},
		{"spaces and dots", "/public/%20../private", ""},
		{"a space between dots", "/public/%20.%20.%20/private", ""},
		{"dots of full width", "/public/\uff0e\uff0e/private", ""},
		{"a leader of two dots", "/public/%E2%80%A5/private", ""},
		{"dots before a slash of full width", "/public/..\uff0fprivate", ""},
		{"dots before a solidus", "/public/..%e2%88%95private", ""},
		{"names with such characters", "/wiki/1\uff0f2\u2025\uff0e", "/wiki/1%EF%BC%8F2%E2%80%A5%EF%BC%8E"},
		{"spaces inside", "/a%20/%20b", "/a%20/%20b"},
		{"broken triplet", "/a%2", ""},
		{"no hex", "/a%zz", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := gate401.CanonicalPath(c.in)
			if (err != nil) != (c.want == "") || got != c.want {
				t.Errorf("CanonicalPath(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

// A canonical path is its own canonical form, and hides nothing from a server
// that decodes once more.
func TestCanonicalPathIsStable(t *testing.T) {
	alphabet := []string{"/", ".", "..", "%2e", "%2f", "%61", "%41", "%c3%a9", "a", "b", ";", "%", "%25", "\\", "%5c", "é", " ", "~"}
	rapid.Check(t, func(t *rapid.T) {
		in := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 12).Draw(t, "parts"), "")
		stable(t, in)
	})
}

func FuzzCanonicalPath(f *testing.F) {
	for _, s := range []string{"/", "/a/../b", "/%2e%2e/", "/%c3%a9", "/a%", "//", "/..;/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) { stable(t, in) })
}

func stable(t interface{ Fatalf(string, ...any) }, in string) {
	p, err := gate401.CanonicalPath(in)
	if err != nil {
		if p != "" {
			t.Fatalf("%q: an error and the path %q", in, p)
		}
		return
	}
	again, err := gate401.CanonicalPath(p)
	if err != nil || again != p {
		t.Fatalf("%q became %q, which became %q, %v", in, p, again, err)
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			t.Fatalf("%q keeps a dot segment: %q", in, p)
		}
	}
	if strings.ContainsAny(p, "\\;#? ") || strings.Contains(p[1:], "//") {
		t.Fatalf("%q keeps an ambiguity: %q", in, p)
	}
}
