package token_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	"pgregory.net/rapid"
)

func TestNewAPIKey(t *testing.T) {
	tests := []struct {
		name   string
		random []byte
		env    string
		want   string
	}{
		// Checksums by zlib.crc32 of another implementation, in base62.
		{"zeros", make([]byte, 32), "live", "g401_live_0000000000000000000000000000000000000000000" + "0Ra4Ch"},
		{"ones", bytes.Repeat([]byte{0xff}, 32), "test", "g401_test_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1" + "37r43H"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k, err := token.NewAPIKey(bytes.NewReader(test.random), test.env)
			if err != nil || k.Reveal() != test.want || k.Environment != test.env {
				t.Errorf("got %q, %v, want %q", k.Reveal(), err, test.want)
			}
		})
	}
	for _, env := range []string{"", "Live", "li_ve", "l-1", strings.Repeat("x", 17), "lïve"} {
		if k, err := token.NewAPIKey(nil, env); err == nil {
			t.Errorf("environment %q gave %s", env, k)
		}
	}
	if k, err := token.NewAPIKey(iotest.ErrReader(errors.New("dry")), "live"); err == nil || k != (token.APIKey{}) {
		t.Errorf("without randomness: %v, %v", k, err)
	}
	one, err := token.NewAPIKey(nil, "live")
	two, err2 := token.NewAPIKey(nil, "live")
	if errors.Join(err, err2) != nil || one == two {
		t.Errorf("two keys are alike, or %v", errors.Join(err, err2))
	}
}

func TestParseAPIKey(t *testing.T) {
	k, err := token.NewAPIKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), "live")
	if err != nil {
		t.Fatal(err)
	}
	good := k.Reveal()
	body := strings.TrimPrefix(good, "g401_live_")
	swapped := []byte(good)
	swapped[20], swapped[21] = swapped[21], swapped[20]
	tests := []struct{ name, in, says string }{
		{"empty", "", `the prefix "g401_" is missing`},
		{"another's", "ghp_" + body, "prefix"},
		{"prefix alone", "g401_", "environment is missing"},
		{"prefix in capitals", "G401" + good[4:], "wrong case"},
		{"prefix misspelt", "g40l" + good[4:], "prefix"},
		{"without environment", "g401_" + body, "environment is missing"},
		{"environment empty", "g401__" + body, "0 characters"},
		{"environment in capitals", "g401_LIVE_" + body, "wrong case"},
		{"environment changed", "g401_test_" + body, "checksum"},
		{"environment with a hyphen", "g401_li-e_" + body, "small letters and digits"},
		{"all in small letters", strings.ToLower(good), "checksum"},
		{"all in capitals", strings.ToUpper(good), "wrong case"},
		{"cut off", good[:len(good)-1], "cut off: 48 characters"},
		{"one more", good + "x", "too long: 50 characters"},
		{"far too long", good + strings.Repeat("x", 1000), "longer than any"},
		{"space at the end", good + " ", "offset 59"},
		{"line break", good[:30] + "\n" + good[31:], "offset 30"},
		{"hyphen", good[:30] + "-" + good[31:], "not a letter or digit"},
		{"dots of a display", "g401_live_AbCd…", "not a letter or digit"},
		{"two characters swapped", string(swapped), "checksum"},
		{"beyond 256 bits", "g401_live_" + strings.Repeat("z", 43) + "2Fs93q", "out of range"},
		{"Bearer before it", "Bearer " + good, "prefix"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := token.ParseAPIKey(test.in)
			if codeOf(err) != reason.APIKeyMalformed || got != (token.APIKey{}) {
				t.Fatalf("got %v, %v", got, err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error says %q, want %q in it", err, test.says)
			}
			if strings.Contains(err.Error(), body[:10]) {
				t.Errorf("the error repeats the key: %q", err)
			}
		})
	}
	back, err := token.ParseAPIKey(good)
	if err != nil || back != k || back.Hash() != sha256.Sum256([]byte(good)) {
		t.Errorf("the good one: %v, %v", back, err)
	}
}

func TestAPIKeyProperties(t *testing.T) {
	pattern := regexp.MustCompile(token.APIKeyPattern)
	rapid.Check(t, func(t *rapid.T) {
		env := rapid.StringMatching(`[a-z0-9]{1,16}`).Draw(t, "environment")
		k, err := token.NewAPIKey(bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random")), env)
		if err != nil {
			t.Fatal(err)
		}
		text := k.Reveal()
		if back, err := token.ParseAPIKey(text); err != nil || back != k {
			t.Fatalf("%s: %v", text, err)
		}
		if found := pattern.FindString(`key = "` + text + `";`); found != text {
			t.Fatalf("the scanner finds %q in place of %q", found, text)
		}
		// One character changed is always noticed: CRC-32 sees every short burst.
		i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		c := rapid.Byte().Draw(t, "octet")
		if text[i] != c {
			if _, err := token.ParseAPIKey(text[:i] + string([]byte{c}) + text[i+1:]); err == nil {
				t.Fatalf("%q for %q at %d passes", c, text[i], i)
			}
		}
	})
}

func TestAPIKeyDoesNotPrint(t *testing.T) {
	k, err := token.NewAPIKey(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", k, "in", struct{ K token.APIKey }{k})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb, k)
		fmt.Fprintf(&out, verb, []token.APIKey{k})
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"k": k}); err != nil {
		t.Fatal(err)
	}
	if secret := k.Reveal()[14:]; strings.Contains(out.String(), secret[:8]) {
		t.Errorf("the secret is in %s", out.String())
	}
	if want := k.Reveal()[:14] + "…"; k.Display() != want {
		t.Errorf("display %q, want %q", k.Display(), want)
	}
	if (token.APIKey{}).Display() != "" {
		t.Error("the zero key shows something")
	}
}
