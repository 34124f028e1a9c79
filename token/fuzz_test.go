package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

func addTokens(f *testing.F) {
	f.Add("")
	f.Add("a.b.c")
	f.Add("....")
	f.Add(raw(`{"alg":"none"}`, `{}`, ""))
	f.Add(raw(`{"alg":"none"}`, ` { "a" : [ ] , "b":{},"c":[[],{"":[null,true,false]},-0.5e3,1E+2,0,12345678901234567890],"\u0041\ud83d\udd11\/":"\u0000\"\n" }`, ""))
	f.Add(raw(`{"alg":"EdDSA","crit":["b64"],"b64":false}`, `{"exp":1e1000000000}`, "x"))
	f.Add(sign(f, edKey(), good(object{"x": []any{nil, true, 1.5, "\u2028\U0001F511", object{}}}), "at+jwt"))
}

func FuzzDecode(f *testing.F) {
	addTokens(f)
	f.Fuzz(func(t *testing.T, text string) {
		d := token.Decode(text)
		u, err := token.Parse(text)
		if (err == nil) != (len(d.Problems) == 0) {
			t.Fatalf("Parse says %v, Decode %v", err, d.Problems)
		}
		if (err == nil) != (u != nil) || err != nil && codeOf(err) != reason.TokenMalformed {
			t.Fatalf("Parse gave %v, %v", u, err)
		}
		if err == nil {
			// What we call JSON, the standard library does too; and what we say is
			// in it is in it.
			var header, claims map[string]any
			if json.Unmarshal([]byte(d.Header), &header) != nil || json.Unmarshal([]byte(d.Payload), &claims) != nil {
				t.Fatalf("not JSON: %q, %q", d.Header, d.Payload)
			}
			if iss, _ := claims["iss"].(string); header["alg"] != d.Alg || iss != u.Issuer() || !utf8.ValidString(d.Payload) {
				t.Fatalf("read %q, %q out of %q, %q", d.Alg, u.Issuer(), d.Header, d.Payload)
			}
			// One token has one spelling.
			if raw(d.Header, d.Payload, string(d.Signature)) != text {
				t.Fatalf("%q has a second spelling", text)
			}
			_ = d.Times(now)
			_ = d.Claims.Strings("a.b")
			same := json.NewDecoder(strings.NewReader(d.Payload))
			same.UseNumber()
			var want map[string]any
			if err := same.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, d.Claims.Raw()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	addTokens(f)
	p := profile(edKey().Public(), ecKey().Public(), rsaKey().Public())
	p.DangerouslyAnyIssuer, p.DangerouslyAnyAudience, p.DangerouslyAllowNoExpiry = true, true, true
	v := newVerifier(f, p)
	valid := sign(f, edKey(), good(nil), "at+jwt")
	f.Add(valid)
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := v.Verify(t.Context(), text)
		if err != nil && (claims != nil || codeOf(err) == reason.CheckFailed || codeOf(err) == "") {
			t.Fatalf("got %v, %v", claims, err)
		}
		// The fuzzer has no private key: what passes is what was signed above.
		if err == nil && claims.Issuer != issuer {
			t.Fatalf("accepted %q", text)
		}
		// The other way in comes to the same verdict, but for malformed payloads
		// beside refused algorithms, where it says the one before the other.
		if u, parseErr := token.Parse(text); parseErr == nil {
			if _, again := v.VerifyParsed(t.Context(), u); codeOf(again) != codeOf(err) {
				t.Fatalf("Verify says %v, VerifyParsed %v", err, again)
			}
		}
	})
}

func FuzzParseAPIKey(f *testing.F) {
	k, err := token.NewAPIKey(strings.NewReader(strings.Repeat("k", 32)), "live")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Reveal())
	f.Add(strings.ToLower(k.Reveal()))
	f.Add("g401_")
	f.Add("g401_live_")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := token.ParseAPIKey(text)
		switch {
		case err != nil:
			if k != (token.APIKey{}) || codeOf(err) != reason.APIKeyMalformed {
				t.Fatalf("got %v, %v", k, err)
			}
		case k.Reveal() != text || !strings.HasPrefix(text, "g401_"+k.Environment+"_"):
			t.Fatalf("%q came back as %q", text, k.Reveal())
		}
	})
}

func FuzzKeySet(f *testing.F) {
	set, err := token.PublicKeySet(edKey(), ecKey(), rsaKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set)
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}]}`))
	f.Add([]byte(rfcRSA))
	f.Add([]byte(`{"keys":[null,1,{"kty":"EC","crv":"P-521","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (*token.KeySet, error){token.ParseKeySet, token.ParseLocalKeySet} {
			set, err := parse(data)
			if err != nil {
				if set != nil {
					t.Fatalf("a set beside %v", err)
				}
				continue
			}
			for _, k := range set.All() {
				if keys, err := set.Keys(t.Context(), k.ID(), ""); k.ID() != "" && (err != nil || len(keys) == 0) {
					t.Fatalf("%v is not found: %v", k, err)
				}
				if k.Algorithms() == "" {
					t.Fatalf("%v is for nothing", k)
				}
			}
		}
		if public, err := token.ParseKeySet(data); err == nil {
			for _, k := range public.All() {
				if strings.Contains(k.Algorithms(), token.HS256) {
					t.Fatalf("a published secret counts: %v", k)
				}
			}
		}
	})
}
