package proxy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWithoutOverride(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"a=1":                               "a=1",
		"method=get&a=1":                    "method=get&a=1",
		"_methods=1":                        "_methods=1",
		"my_method=1":                       "my_method=1",
		"a=_method":                         "a=_method",
		"a=1&b=%zz&c":                       "a=1&b=%zz&c",
		"_method=DELETE":                    "",
		"_method":                           "",
		"a=1&_method=DELETE":                "a=1",
		"_method=DELETE&a=1":                "a=1",
		"a=1&_method=DELETE&b=2":            "a=1&b=2",
		"a=1;_method=DELETE":                "a=1",
		"a=1;_method=DELETE&b=2":            "a=1;b=2",
		"_method=PUT&_method=DELETE":        "",
		"a=1&_METHOD=x&_Method=y":           "a=1",
		"%5fmethod=x&a=%20":                 "a=%20",
		"_%6d%65thod=x":                     "",
		".method=x":                         "",
		"%2emethod=x":                       "",
		"[method=x":                         "",
		"+_method=x":                        "",
		"%20%20_method=x":                   "",
		"+.method=x":                        "",
		"_method%00y=x":                     "",
		"X-HTTP-Method-Override=x&a=1":      "a=1",
		"x_http_method_override=x&a=1":      "a=1",
		"a=1&X-HTTP-Method=x":               "a=1",
		"x-method-override":                 "",
		"a=1&&_method=x":                    "a=1&",
		"&_method=x":                        "",
		"%=_method":                         "%=_method",
		strings.Repeat("_method", 20):       strings.Repeat("_method", 20),
		"method" + strings.Repeat("x", 100): "method" + strings.Repeat("x", 100),
	} {
		if got := withoutOverride(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// What is left holds no override, and the rest of it is as it was.
func TestWithoutOverrideProperties(t *testing.T) {
	piece := rapid.SampledFrom([]string{"_method", "%5fmethod", ".method", "method", "x-http-method", "=", "&", ";", "a", "1", "%20", "+", "%", "%00", "[", "_"})
	rapid.Check(t, func(rt *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(rt, "pieces"), "")
		out := withoutOverride(in)
		if again := withoutOverride(out); again != out {
			rt.Fatalf("%q became %q, which became %q", in, out, again)
		}
		split := func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == '&' || r == ';' })
		}
		var want []string
		for _, pair := range split(in) {
			if !isOverride(pair) {
				want = append(want, pair)
			}
		}
		if got := split(out); strings.Join(got, "\n") != strings.Join(want, "\n") {
			rt.Fatalf("%q became %q", in, out)
		}
	})
}
