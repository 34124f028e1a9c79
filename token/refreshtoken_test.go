package token_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

func TestRefreshToken(t *testing.T) {
	made, err := token.NewRefreshToken(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), "test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.NewAPIKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), "test")
	if err != nil {
		t.Fatal(err)
	}
	text := made.Reveal()
	if !regexp.MustCompile("^" + token.RefreshTokenPattern + "$").MatchString(text) {
		t.Errorf("%s does not match the pattern", text)
	}
	for _, test := range []struct {
		name, in string
		want     reason.Code
	}{
		{"good", text, ""},
		{"empty", "", reason.RefreshTokenUnknown},
		{"an API key", key.Reveal(), reason.RefreshTokenUnknown},
		{"cut off", text[:len(text)-1], reason.RefreshTokenUnknown},
		{"one letter changed", strings.Replace(text, "test", "tesu", 1), reason.RefreshTokenUnknown},
		{"long", text + strings.Repeat("x", 1000), reason.RefreshTokenUnknown},
		{"an access token", "a.b.c", reason.RefreshTokenUnknown},
	} {
		got, err := token.ParseRefreshToken(test.in)
		if codeOf(err) != test.want || (err == nil) != (got == made) {
			t.Errorf("%s: %v, %v, want %q", test.name, got, err, test.want)
		}
		if err != nil && len(test.in) > 20 && strings.Contains(err.Error(), test.in[12:20]) {
			t.Errorf("%s: the error repeats the token: %v", test.name, err)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %q", made, made, made, made, made)
	if err := json.NewEncoder(&out).Encode(made); err != nil {
		t.Fatal(err)
	}
	if secret := text[len("g401r_test_")+4:]; strings.Contains(out.String(), secret[:8]) {
		t.Errorf("the secret is in %s", out.String())
	}
	if _, err := token.NewRefreshToken(nil, "Live"); err == nil {
		t.Error("an environment in capitals was taken")
	}
	if (token.RefreshToken{}).Display() != "" {
		t.Error("the zero token shows something")
	}
}
