package httpauth_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/google/go-cmp/cmp"
)

func pairs(kv ...string) []httpauth.Param {
	var out []httpauth.Param
	for i := 0; i < len(kv); i += 2 {
		out = append(out, httpauth.Param{Name: kv[i], Value: kv[i+1]})
	}
	return out
}

func TestChallengeString(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   httpauth.Challenge
		want string
	}{
		{"bare", httpauth.Challenge{Scheme: "Negotiate"}, `Negotiate`},
		{"token68", httpauth.Challenge{Scheme: "Negotiate", Token68: "abc=="}, `Negotiate abc==`},
		{"realm is always quoted", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "a")}, `X realm="a"`},
		{"empty value", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "")}, `X realm=""`},
		{"escapes", httpauth.Challenge{Scheme: "X", Params: pairs("realm", `a"b\c`)}, `X realm="a\"b\\c"`},
		{"line end", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "a\r\nSet-Cookie: b=c")}, `X realm="a  Set-Cookie: b=c"`},
		{"NUL and DEL", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "a\x00b\x7fc")}, `X realm="a b c"`},
		{"tab stays", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "a\tb")}, "X realm=\"a\tb\""},
		{"UTF-8 stays", httpauth.Challenge{Scheme: "X", Params: pairs("realm", "fö")}, `X realm="fö"`},
		{"closing quote does not escape", httpauth.Challenge{Scheme: "X", Params: pairs("realm", `a", b="`)}, `X realm="a\", b=\""`},
		{"algorithm and stale are tokens", httpauth.Challenge{Scheme: "Digest", Params: pairs("algorithm", "SHA-256", "stale", "true", "qop", "auth", "charset", "UTF-8", "userhash", "true")},
			`Digest algorithm=SHA-256, stale=true, qop="auth", charset=UTF-8, userhash=true`},
		{"algorithm that is no token", httpauth.Challenge{Scheme: "Digest", Params: pairs("algorithm", "a b")}, `Digest algorithm="a b"`},
		{"nc and qop in a challenge are quoted", httpauth.Challenge{Scheme: "Digest", Params: pairs("nc", "1", "qop", "auth")}, `Digest nc="1", qop="auth"`},
		{"extended value", httpauth.Challenge{Scheme: "X", Params: pairs("title*", "UTF-8''a%20b")}, `X title*=UTF-8''a%20b`},
		{"bad name is left out", httpauth.Challenge{Scheme: "X", Params: pairs("a b", "1", "c", "2", "", "3", "x\r\ny", "4")}, `X c="2"`},
		{"second of two names is left out", httpauth.Challenge{Scheme: "X", Params: pairs("a", "1", "A", "2")}, `X a="1"`},
		{"bad token68 is left out", httpauth.Challenge{Scheme: "X", Token68: "a b\r\n"}, `X`},
		{"bad scheme", httpauth.Challenge{Scheme: "X\r\nY", Params: pairs("realm", "a")}, ``},
		{"no scheme", httpauth.Challenge{Params: pairs("realm", "a")}, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.want {
				t.Errorf("String()\n got %s\nwant %s", got, tt.want)
			}
			if got := string(tt.in.AppendTo([]byte("pre: "))); got != "pre: "+tt.want {
				t.Errorf("AppendTo = %q", got)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		in         httpauth.Challenge
	}{
		{"good", "", httpauth.Challenge{Scheme: "X", Params: pairs("realm", `any"thing`)}},
		{"good token68", "", httpauth.Challenge{Scheme: "X", Token68: "a="}},
		{"scheme", "scheme is no token", httpauth.Challenge{Scheme: "X Y"}},
		{"token68", "malformed token68", httpauth.Challenge{Scheme: "X", Token68: "=a"}},
		{"both", "both token68 and parameters", httpauth.Challenge{Scheme: "X", Token68: "a", Params: pairs("a", "b")}},
		{"name", "name of parameter 1 is no token", httpauth.Challenge{Scheme: "X", Params: pairs("a", "b", "c d", "e")}},
		{"twice", `"A" occurs twice`, httpauth.Challenge{Scheme: "X", Params: pairs("a", "b", "A", "e")}},
		{"control", `control character in parameter "a"`, httpauth.Challenge{Scheme: "X", Params: pairs("a", "b\n")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.in.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate() = %v, want %q", err, tt.want)
			}
			if err := httpauth.Credentials(tt.in).Validate(); (err == nil) != (tt.want == "") {
				t.Errorf("Credentials.Validate() = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestConstructors(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   httpauth.Challenge
		want string
	}{
		{"basic", httpauth.Basic(`my "shop"`), `Basic realm="my \"shop\"", charset="UTF-8"`},
		{"bearer", httpauth.Bearer("orders"), `Bearer realm="orders"`},
		{"bearer never without parameter", httpauth.Bearer(""), `Bearer realm=""`},
		{"bearer without realm", httpauth.Bearer("", pairs("scope", "a b")...), `Bearer scope="a b"`},
		{"all parameters dropped", httpauth.Bearer("", pairs("bad name", "a b", "scope", "é")...), `Bearer realm=""`},
		{"rfc 6750 section 3", httpauth.Bearer("example", pairs("error", "invalid_token", "error_description", "The access token expired")...),
			`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
		{"description is fitted", httpauth.Bearer("", pairs("error_description", "a \"b\" \\ é\r\n\x7f")...), `Bearer error_description="a 'b' / ?  ?"`},
		{"invalid UTF-8 is fitted", httpauth.Bearer("", pairs("error_description", "a\xff\xfeb")...), `Bearer error_description="a??b"`},
		{"scope tokens", httpauth.Bearer("", pairs("scope", " a  b\"c é d ")...), `Bearer scope="a d"`},
		{"metadata", httpauth.Bearer("", pairs("resource_metadata", "https://a/b c\"é\r\n")...), `Bearer resource_metadata="https://a/b%20c%22%C3%A9%0D%0A"`},
		{"metadata as is", httpauth.Bearer("r", pairs("resource_metadata", "https://a/b?c=d")...), `Bearer realm="r", resource_metadata="https://a/b?c=d"`},
		{"given realm wins", httpauth.Bearer("a", pairs("realm", "b")...), `Bearer realm="a"`},
		{"max_age", httpauth.Bearer("", pairs("max_age", "5")...), `Bearer max_age="5"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if r := httpauth.ParseChallenges([]string{tt.in.String()}, httpauth.Strict); !r.Valid {
				t.Errorf("not valid: %+v", r.Findings)
			}
		})
	}
}

func TestParamLookup(t *testing.T) {
	c := httpauth.Challenge{Scheme: "bAsIc", Params: pairs("Realm", "a", "x", "")}
	if v, ok := c.Param("rEALM"); v != "a" || !ok {
		t.Errorf("Param = %q %v", v, ok)
	}
	if v, ok := c.Param("x"); v != "" || !ok {
		t.Errorf("empty Param = %q %v", v, ok)
	}
	if _, ok := c.Param("underrealm"); ok {
		t.Error("found a parameter that is not there")
	}
	if !c.Is("Basic") || c.Is("Basi\u212a") || c.Is("Basi") {
		t.Error("Is compares wrongly")
	}
}

func TestJSON(t *testing.T) {
	r := httpauth.ParseChallenges([]string{"Basic realm=\"a\xe4\", Negotiate abc==, NTLM"}, httpauth.Strict)
	r.Findings = nil
	for _, tt := range []struct {
		name string
		in   any
		want string
	}{
		{"result", r, `{"challenges":[{"scheme":"Basic","params":[["realm","aä"]]},{"scheme":"Negotiate","token68":"abc=="},{"scheme":"NTLM","params":[]}],"findings":[],"valid":true}`},
		{"invalid", httpauth.ParseChallenges([]string{`=`}, httpauth.Strict),
			`{"challenges":[],"findings":[{"id":"scheme-invalid","severity":"error","field":0,"offset":0,"message":"octet that no scheme can hold","section":"RFC 9110 section 11.1"}],"valid":false}`},
		{"info", httpauth.ParseInfo([]string{`nextnonce="a"`}, httpauth.Strict), `{"params":[["nextnonce","a"]],"findings":[],"valid":true}`},
		{"empty info", httpauth.ParseInfo(nil, httpauth.Strict), `{"params":[],"findings":[],"valid":true}`},
		{"credentials", httpauth.ExamineAuthorization("Bearer secret"), `{"credentials":"Bearer [redacted]","findings":[],"valid":true}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStringAllocates(t *testing.T) {
	c := httpauth.Bearer("orders", pairs("error", "invalid_token", "error_description", "The access token expired", "resource_metadata", "https://api.example.com/.well-known/oauth-protected-resource")...)
	if n := testing.AllocsPerRun(100, func() { _ = c.String() }); n > 1 {
		t.Errorf("String allocates %v times", n)
	}
	buf := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() { buf = c.AppendTo(buf[:0]) }); n > 0 {
		t.Errorf("AppendTo allocates %v times", n)
	}
}
