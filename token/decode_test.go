package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	valid := raw(`{"alg":"EdDSA","kid":"k"}`, `{"sub":"alice"}`, "sig")
	p := strings.Split(valid, ".")
	type problem = token.Problem
	tests := []struct {
		name, in string
		want     []problem
		payload  string
	}{
		{"valid", valid, nil, `{"sub":"alice"}`},
		{"one part", "abc", []problem{
			{"token", 3, "there is no dot in it: an opaque token or something else, not a JWT"},
			{"header", 0, "bad JSON: expected an object"},
		}, ""},
		{"two parts", p[0] + "." + p[1], []problem{{"token", 36 + len(p[1]) - 1, "it has 2 parts, a JWT has 3: the signature is missing"}}, `{"sub":"alice"}`},
		{"four parts", valid + ".x", []problem{{"token", len(valid), "it has 4 parts, a JWT has 3"}}, `{"sub":"alice"}`},
		{"JWE", p[0] + ".a.b.c.d", []problem{{"token", 38, "it has 5 parts: an encrypted token (JWE), which is not accepted"}}, ""},
		{"padding", p[0] + "==." + p[1] + "." + p[2], []problem{{"header", 34, `"=" is not base64url (padding, which tokens do not have)`}}, `{"sub":"alice"}`},
		{"plain base64", p[0] + ".+/+/." + p[2], []problem{
			{"payload", 35, `"+" is not base64url (it is plain base64: - and _ were expected instead)`},
			{"payload", 0, "bad JSON: expected an object"},
		}, ""},
		{"line break", p[0] + "." + p[1][:4] + "\n" + p[1][4:] + "." + p[2], []problem{{"payload", 39, `"\n" is not base64url (white space or a control character: pasted with a line break?)`}}, `{"sub":"alice"}`},
		{"cut off", p[0] + "." + p[1] + "." + "abcde", []problem{{"signature", 36 + len(p[1]) + 5, "cut off: its length is not one of base64url"}}, `{"sub":"alice"}`},
		{"unused bits", p[0] + "." + p[1] + ".ab", []problem{{"signature", 36 + len(p[1]) + 1, "the unused bits of the last character are not zero: altered or cut off"}}, `{"sub":"alice"}`},
		{"bad JSON", raw(`{"alg":"EdDSA"}`, `{"sub":alice}`, ""), []problem{{"payload", 7, `bad JSON: "sub" is not a string`}}, `{"sub":alice}`},
		{"crit", raw(`{"alg":"EdDSA","crit":["x"]}`, `{}`, ""), []problem{{"header", 0, `"crit" names extensions, and none is supported`}}, `{}`},
		{"too long", strings.Repeat("x", token.MaxSize+1), []problem{{"token", token.MaxSize, "it has 16385 octets, more than 16384"}}, ""},
	}
	if len(p[0]) != 34 {
		t.Fatalf("the header has %d characters; the offsets of the table go by 34", len(p[0]))
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := token.Decode(test.in)
			if diff := cmp.Diff(test.want, d.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if d.Payload != test.payload && test.payload != "" {
				t.Errorf("payload %q, want %q", d.Payload, test.payload)
			}
			// What is fine here is fine for Parse, and the other way round.
			if _, err := token.Parse(test.in); (err == nil) != (len(d.Problems) == 0) {
				t.Errorf("Parse says %v, Decode %v", err, d.Problems)
			}
		})
	}
}

func TestDecodeTimes(t *testing.T) {
	d := token.Decode(sign(t, edKey(), good(object{"nbf": now.Add(-90 * time.Second).Unix()}), ""))
	want := map[string]string{
		"exp": "2026-03-01T12:05:00Z (in 5m0s)",
		"iat": "2026-03-01T12:00:00Z (now)",
		"nbf": "2026-03-01T11:58:30Z (1m30s ago)",
	}
	if diff := cmp.Diff(want, d.Times(now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
