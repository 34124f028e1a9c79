package httpauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/google/go-cmp/cmp"
)

func TestExamineAuthorization(t *testing.T) {
	for _, tt := range authorizationCases {
		t.Run(tt.name, func(t *testing.T) {
			r := httpauth.ExamineAuthorization(tt.in)
			if diff := cmp.Diff(tt.wantFinding, ids(r.Findings, 1)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if r.Valid != tt.valid || (r.Err() == nil) != tt.valid {
				t.Errorf("Valid %v, Err %v", r.Valid, r.Err())
			}
			c, err := httpauth.ParseAuthorization(tt.in)
			var bad *httpauth.SyntaxError
			if (err == nil) != tt.parses || err != nil && !errors.As(err, &bad) {
				t.Errorf("ParseAuthorization: %v", err)
			}
			if err != nil && (c.Scheme != "" || c.Params != nil || c.Token68 != "") {
				t.Errorf("an error and yet %#v", httpauth.Challenge(c))
			}
			if r.Valid {
				if diff := cmp.Diff(httpauth.Challenge(c), httpauth.Challenge(r.Credentials)); diff != "" {
					t.Error(diff)
				}
			} else if r.Credentials.Scheme != "" {
				t.Error("not valid and yet credentials")
			}
		})
	}
}

func TestParseAuthorization(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     httpauth.Challenge
	}{
		{"token68", "Basic QWxh=", httpauth.Challenge{Scheme: "Basic", Token68: "QWxh="}},
		{"params", `Digest username="a\"b", nc=00000001`, httpauth.Challenge{Scheme: "Digest", Params: pairs("username", `a"b`, "nc", "00000001")}},
		{"scheme alone", "Negotiate", httpauth.Challenge{Scheme: "Negotiate"}},
		{"spaces", "  Basic   QWxh \t", httpauth.Challenge{Scheme: "Basic", Token68: "QWxh"}},
		{"empty elements", `X ,a=1,,b = 2,`, httpauth.Challenge{Scheme: "X", Params: pairs("a", "1", "b", "2")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := httpauth.ParseAuthorization(tt.in)
			if diff := cmp.Diff(tt.want, httpauth.Challenge(got)); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	if _, err := httpauth.ParseAuthorization("Bearer " + strings.Repeat("a", httpauth.MaxFieldSize)); err == nil {
		t.Error("a value beyond MaxFieldSize was read")
	}
}

func TestCredentialsValue(t *testing.T) {
	for _, tt := range []struct {
		in   httpauth.Credentials
		want string
	}{
		{httpauth.Credentials{Scheme: "Bearer", Token68: "abc"}, `Bearer abc`},
		{httpauth.Credentials{Scheme: "Digest", Params: pairs("username", "a", "realm", "b", "nonce", "n", "uri", "/", "qop", "auth", "nc", "00000001", "cnonce", "c", "response", "d", "opaque", "o", "algorithm", "SHA-256")},
			`Digest username="a", realm="b", nonce="n", uri="/", qop=auth, nc=00000001, cnonce="c", response="d", opaque="o", algorithm=SHA-256`},
		{httpauth.Credentials{Scheme: "Digest", Params: pairs("username*", "UTF-8''J%C3%A4s", "userhash", "false")}, `Digest username*=UTF-8''J%C3%A4s, userhash=false`},
		{httpauth.Credentials{Scheme: "Digest", Params: pairs("username", "a\r\nX: y")}, `Digest username="a  X: y"`},
	} {
		if got := tt.in.Value(); got != tt.want {
			t.Errorf("got %s\nwant %s", got, tt.want)
		}
	}
}

// No way of printing gives a credential away, not even one that stands where
// the scheme should be.
func TestCredentialsAreSecret(t *testing.T) {
	const secret = "s3cr3t"
	for _, in := range []string{
		"Bearer " + secret, secret, `Digest username="` + secret + `"`, `X ` + secret + `="a"`,
	} {
		c, err := httpauth.ParseAuthorization(in)
		if err != nil {
			t.Fatal(err)
		}
		js, _ := json.Marshal(c)
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c)
		for _, out := range []string{c.String(), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), string(js), log.String()} {
			if strings.Contains(out, secret) {
				t.Errorf("%s shows in %s", in, out)
			}
		}
	}
	for _, in := range []string{
		secret, secret + " x", "Bearer " + secret + "!", "Bearer:" + secret, "Bearer" + secret, "Bearer \"" + secret, "Basic " + secret,
		"Digest a=" + secret + " " + secret, "Digest a=" + secret + " " + secret + "=1", "Digest a=" + secret + "@", "Digest " + secret + "=\"", "X " + secret + "=", "X\t" + secret,
		"X a=1, " + secret + "=, b=2", secret + ": x", secret + ", " + secret + "=1", "X a=“" + secret + "”", "X " + secret + " = 1", "X a=1;" + secret + "=2", secret + "=" + secret,
		"X " + secret + "=1, " + secret + "=2",
	} {
		r := httpauth.ExamineAuthorization(in)
		_, err := httpauth.ParseAuthorization(in)
		_, err2 := httpauth.BearerToken(in)
		_, _, err3 := httpauth.ParseBasic(in)
		out := fmt.Sprintf("%+v %v %v %v", r.Findings, err, err2, err3)
		if strings.Contains(out, secret) {
			t.Errorf("%q shows in %s", in, out)
		}
	}
}

func TestBearerToken(t *testing.T) {
	other := errors.New("other scheme")
	at := func(id httpauth.FindingID, offset int) string { return fmt.Sprintf("%s@%d", id, offset) }
	for _, tt := range []struct{ name, in, token, err string }{
		{"jwt", "Bearer eyJhbGciOiJub25lIn0.e30.c2ln", "eyJhbGciOiJub25lIn0.e30.c2ln", ""},
		{"all octets", "Bearer aZ09-._~+/==", "aZ09-._~+/==", ""},
		{"lower case", "bearer a", "a", ""},
		{"upper case", "BEARER a", "a", ""},
		{"other scheme", "Basic a", "", other.Error()},
		{"empty", "", "", other.Error()},
		{"longer name", "BearerX a", "", other.Error()},
		{"shorter name", "Beare a", "", other.Error()},
		{"leading space", " Bearer a", "", other.Error()},
		{"only the scheme", "Bearer", "", at(httpauth.IDSchemeOnly, 6)},
		{"scheme and space", "Bearer ", "", at(httpauth.IDSchemeOnly, 6)},
		{"scheme and spaces", "Bearer  \t", "", at(httpauth.IDSchemeOnly, 6)},
		{"tab", "Bearer\ta", "", at(httpauth.IDSchemeTab, 6)},
		{"two spaces", "Bearer  a", "", at(httpauth.IDBearerSeveralSpaces, 7)},
		{"space and tab", "Bearer \ta", "", at(httpauth.IDTokenOctet, 7)},
		{"glued", "BearereyJ.a.b", "", at(httpauth.IDSchemeGlued, 6)},
		{"colon", "Bearer: a", "", at(httpauth.IDSchemeColon, 6)},
		{"control", "Bearer\x00a", "", at(httpauth.IDControlCharacter, 6)},
		{"trailing space", "Bearer a ", "", at(httpauth.IDTokenWithSpace, 8)},
		{"two words", "Bearer a b", "", at(httpauth.IDTokenWithSpace, 8)},
		{"line end", "Bearer a\n", "", at(httpauth.IDControlCharacter, 8)},
		{"quoted", `Bearer "a"`, "", at(httpauth.IDTokenQuoted, 7)},
		{"brackets", `Bearer <a>`, "", at(httpauth.IDTokenBracketed, 7)},
		{"sign", `Bearer a,b`, "", at(httpauth.IDTokenOctet, 8)},
		{"padding first", `Bearer =a`, "", at(httpauth.IDTokenOctet, 7)},
		{"padding inside", `Bearer a=b`, "", at(httpauth.IDTokenOctet, 9)},
		{"too long", "Bearer " + strings.Repeat("a", httpauth.MaxFieldSize), "", at(httpauth.IDFieldTooLong, httpauth.MaxFieldSize)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := httpauth.BearerToken(tt.in)
			got := ""
			var bad *httpauth.SyntaxError
			switch {
			case errors.Is(err, httpauth.ErrOtherScheme):
				got = other.Error()
			case errors.As(err, &bad):
				got = at(bad.ID, bad.Offset)
			}
			if token != tt.token || got != tt.err {
				t.Errorf("got %q, %s (%v)", token, got, err)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = httpauth.BearerToken("Bearer abc.def.ghi") }); n > 0 {
		t.Errorf("allocates %v times", n)
	}
}

func TestCutScheme(t *testing.T) {
	for _, tt := range []struct {
		in, scheme, rest string
		ok               bool
	}{
		{"Bearer abc", "Bearer", "abc", true},
		{"Bearer", "Bearer", "", true},
		{"Bearer \t abc ", "Bearer", "abc ", true},
		{"", "", "", false},
		{" Bearer abc", "", "", false},
		{"Bearer:abc", "", "", false},
		{`"Bearer"`, "", "", false},
	} {
		scheme, rest, ok := httpauth.CutScheme(tt.in)
		if scheme != tt.scheme || rest != tt.rest || ok != tt.ok {
			t.Errorf("CutScheme(%q) = %q, %q, %v", tt.in, scheme, rest, ok)
		}
	}
}
