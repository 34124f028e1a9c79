package httpauth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
)

var basicErrors = []struct {
	name, in string
	kind     httpauth.FindingID
	offset   int
	octet    int
}{
	{"empty", "", httpauth.IDBasicNotBase64, 0, -1},
	{"only padding", "==", httpauth.IDBasicPadding, 0, -1},
	{"sign", "Zm9v!mJh", httpauth.IDBasicNotBase64, 4, -1},
	{"sign in the last group", "Zm9vOmJh!A==", httpauth.IDBasicNotBase64, 8, -1},
	{"octet outside ASCII", "Zm9v\xe4mJh", httpauth.IDBasicNotBase64, 4, -1},
	{"url alphabet", "YT8-OmI_", httpauth.IDBasicURLAlphabet, 3, -1},
	{"space", "Zm9v OmJhcg==", httpauth.IDBasicWhitespace, 4, -1},
	{"line end", "Zm9v\nOmJh", httpauth.IDBasicWhitespace, 4, -1},
	{"line end behind", "Zm9vOmJhcg==\n", httpauth.IDBasicPadding, 10, -1},
	{"no padding", "Zm9vOmJhcg", httpauth.IDBasicPadding, 10, -1},
	{"half padding", "Zm9vOmJhcg=", httpauth.IDBasicPadding, 11, -1},
	{"too much padding", "Zm9vOmJhcg===", httpauth.IDBasicPadding, 12, -1},
	{"padding that is not due", "Zm9vOmJh=", httpauth.IDBasicPadding, 8, -1},
	{"four signs", "Zm9vOmJh====", httpauth.IDBasicPadding, 8, -1},
	{"one left", "Zm9vOmJhc", httpauth.IDBasicPadding, 9, -1},
	{"one left and padding", "Zm9vOmJhc===", httpauth.IDBasicPadding, 12, -1},
	{"data behind padding", "Zm9vOmJhcg==Zm9v", httpauth.IDBasicPadding, 10, -1},
	{"four unused bits", "Zm9vOmJhch==", httpauth.IDBasicTrailingBits, 9, -1},
	{"two unused bits", "Zm9vOmJhcmF=", httpauth.IDBasicTrailingBits, 10, -1},
	{"no colon", "Zm9v", httpauth.IDBasicColonMissing, 4, 3},
	{"control in the user", "Zm8KOmE=", httpauth.IDBasicControl, 2, 2},
	{"control in the password", "Zm9vOgBh", httpauth.IDBasicControl, 5, 4},
	{"DEL", "Zm9vOmJhcn8=", httpauth.IDBasicControl, 9, 7},
	{"latin1", "/3NlcjpwYXNz", httpauth.IDBasicNotUTF8, 0, 0},
	{"latin1 in the password", "dTpw5A==", httpauth.IDBasicNotUTF8, 4, 3},
	{"surrogate", base64.StdEncoding.EncodeToString([]byte("u:\xed\xa0\x80")), httpauth.IDBasicNotUTF8, 2, 2},
}

func TestDecodeBasicErrors(t *testing.T) {
	for _, tt := range basicErrors {
		t.Run(tt.name, func(t *testing.T) {
			user, password, err := httpauth.DecodeBasic(tt.in)
			var bad *httpauth.BasicError
			if !errors.As(err, &bad) || bad.Kind != tt.kind || bad.Offset != tt.offset || bad.Octet != tt.octet {
				t.Errorf("got %+v (%v), want %s@%d octet %d", bad, err, tt.kind, tt.offset, tt.octet)
			}
			if user != "" || password != "" {
				t.Errorf("an error and yet %q, %q", user, password)
			}
			if u, p, err := httpauth.AppendDecodeBasic(nil, tt.in); err == nil || u != nil || p != nil {
				t.Errorf("AppendDecodeBasic = %q, %q, %v", u, p, err)
			}
			if tt.in == "" {
				return
			}
			_, _, err = httpauth.ParseBasic("Basic  " + tt.in + "\t")
			if !errors.As(err, &bad) || bad.Offset != tt.offset+7 {
				t.Errorf("ParseBasic: %v, want the offset in the field value", err)
			}
		})
	}
}

func TestBasicRoundTrip(t *testing.T) {
	for _, tt := range []struct{ name, user, password, want string }{
		{"rfc 7617 2", "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"rfc 7617 2.1", "test", "123£", "Basic dGVzdDoxMjPCow=="},
		{"colons in the password", "a", ":b:", "Basic YTo6Yjo="},
		{"empty user", "", "pass", "Basic OnBhc3M="},
		{"empty password", "foo", "", "Basic Zm9vOg=="},
		{"both empty", "", "", "Basic Og=="},
		{"plus and slash", "a?>", "b?>~~", "Basic YT8+OmI/Pn5+"},
		{"percent stays", "a%20", "%41", "Basic YSUyMDolNDE="},
		{"long", strings.Repeat("u", 3000), strings.Repeat("p", 3000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := httpauth.EncodeBasic(tt.user, tt.password)
			if err != nil || tt.want != "" && got != tt.want {
				t.Fatalf("EncodeBasic = %s, %v", got, err)
			}
			user, password, err := httpauth.ParseBasic(got)
			if user != tt.user || password != tt.password || err != nil {
				t.Errorf("ParseBasic = %q, %q, %v", user, password, err)
			}
		})
	}
}

func TestEncodeBasicRefuses(t *testing.T) {
	for _, tt := range []struct {
		user, password string
		kind           httpauth.FindingID
		octet          int
	}{
		{"a:b", "c", httpauth.IDBasicColonInUser, 1},
		{"a\x00b", "c", httpauth.IDBasicControl, 1},
		{"a", "b\n", httpauth.IDBasicControl, 3},
		{"a", "\x7f", httpauth.IDBasicControl, 2},
		{"a\tb", "", httpauth.IDBasicControl, 1},
		{"\xe4", "", httpauth.IDBasicNotUTF8, 0},
		{"ä", "b\xff", httpauth.IDBasicNotUTF8, 4},
	} {
		got, err := httpauth.EncodeBasic(tt.user, tt.password)
		var bad *httpauth.BasicError
		if got != "" || !errors.As(err, &bad) || bad.Kind != tt.kind || bad.Octet != tt.octet {
			t.Errorf("EncodeBasic(%q, %q) = %q, %+v", tt.user, tt.password, got, bad)
		}
	}
	dst, err := httpauth.AppendBasic([]byte("x"), "a:", "")
	if string(dst) != "x" || err == nil {
		t.Errorf("AppendBasic = %q, %v", dst, err)
	}
}

func TestParseBasicScheme(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"case", "bAsIc Zm9vOmJhcg==", "foo bar"},
		{"spaces", " Basic   Zm9vOmJhcg== ", "foo bar"},
		{"other", "Bearer abc", "other"},
		{"empty", "", "other"},
		{"longer name", "BasicX Zm9vOmJhcg==", "other"},
		{"only the scheme", "Basic", "scheme-only@5"},
		{"scheme and space", "Basic ", "scheme-only@5"},
		{"glued", "BasicZm9vOmJhcg==", "scheme-glued@5"},
		{"tab", "Basic\tZm9vOmJhcg==", "scheme-followed-by-tab@5"},
		{"space and tab", "Basic \tZm9vOmJhcg==", "scheme-followed-by-tab@6"},
		{"two credentials", "Basic Zm9vOmJhcg==, Basic YWxpY2U6eA==", "basic-padding@16"},
		{"params", `Basic realm="x"`, "basic-padding@11"},
		{"too long", "Basic " + strings.Repeat("a", httpauth.MaxFieldSize), fmt.Sprintf("field-too-long@%d", httpauth.MaxFieldSize)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user, password, err := httpauth.ParseBasic(tt.in)
			got := user + " " + password
			var syntax *httpauth.SyntaxError
			var bad *httpauth.BasicError
			switch {
			case errors.Is(err, httpauth.ErrOtherScheme):
				got = "other"
			case errors.As(err, &syntax):
				got = fmt.Sprintf("%s@%d", syntax.ID, syntax.Offset)
			case errors.As(err, &bad):
				got = fmt.Sprintf("%s@%d", bad.Kind, bad.Offset)
			}
			if got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

func TestDecodeBasicLatin1(t *testing.T) {
	user, password, err := httpauth.DecodeBasicLatin1("/3NlcjpwYXPk")
	if user != "ÿser" || password != "pasä" || err != nil {
		t.Errorf("got %q, %q, %v", user, password, err)
	}
	for _, in := range []string{"Zm9v", "Zm9vOgBh", "?"} {
		if _, _, err := httpauth.DecodeBasicLatin1(in); err == nil {
			t.Errorf("%q was read", in)
		}
	}
}

func TestBasicAllocates(t *testing.T) {
	const value = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
	if n := testing.AllocsPerRun(100, func() { _, _, _ = httpauth.ParseBasic(value) }); n > 1 {
		t.Errorf("ParseBasic allocates %v times", n)
	}
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { _, _, _ = httpauth.AppendDecodeBasic(buf, value[6:]) }); n > 0 {
		t.Errorf("AppendDecodeBasic allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = httpauth.EncodeBasic("Aladdin", "open sesame") }); n > 1 {
		t.Errorf("EncodeBasic allocates %v times", n)
	}
}
