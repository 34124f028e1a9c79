package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
)

func TestVerifyClaims(t *testing.T) {
	ago := func(d time.Duration) int64 { return now.Add(-d).Unix() }
	tests := []struct {
		name   string
		claims object
		typ    string
		change func(*token.Profile)
		want   reason.Code
		says   string // part of the operator's text
	}{
		{name: "good", typ: "at+jwt"},
		{name: "typ JWT", typ: "JWT"},
		{name: "typ in another case, with application/", typ: "application/AT+JWT"},
		{name: "no typ"},

		{name: "expired", claims: object{"exp": ago(time.Hour)}, want: reason.TokenExpired, says: "expired 2026-03-01T11:00:00Z (1h0m0s ago), now 2026-03-01T12:00:00Z, leeway 30s"},
		{name: "expired within the leeway", claims: object{"exp": ago(29 * time.Second)}},
		{name: "expired at the very end of the leeway", claims: object{"exp": ago(30 * time.Second)}, want: reason.TokenExpired},
		{name: "expired, no leeway", claims: object{"exp": ago(0)}, change: func(p *token.Profile) { p.Leeway = -1 }, want: reason.TokenExpired},
		{name: "exp with a fraction", claims: object{"exp": float64(now.Unix()) - 30 + 0.5}},
		{name: "exp with a fraction, over", claims: object{"exp": float64(now.Unix()) - 30 - 0.5}, want: reason.TokenExpired},
		{name: "exp missing", claims: object{"exp": nil}, want: reason.TokenMalformed, says: "exp is missing"},
		{name: "exp missing, allowed", claims: object{"exp": nil}, change: func(p *token.Profile) { p.DangerouslyAllowNoExpiry = true }},
		{name: "exp as a string", claims: object{"exp": "1900000000"}, want: reason.TokenMalformed, says: "not a number of seconds"},
		{name: "exp in milliseconds", claims: object{"exp": now.UnixMilli() * 1000}, want: reason.TokenMalformed, says: "milliseconds"},
		{name: "exp before 1970", claims: object{"exp": -5}, want: reason.TokenExpired},
		{name: "not yet valid", claims: object{"nbf": ago(-time.Minute)}, want: reason.TokenNotYetValid, says: "nbf) 2026-03-01T12:01:00Z (in 1m0s)"},
		{name: "not yet valid within the leeway", claims: object{"nbf": ago(-30 * time.Second)}},
		{name: "issued in the future", claims: object{"iat": ago(-time.Minute)}, want: reason.TokenNotYetValid, says: "iat)"},
		{name: "iat missing", claims: object{"iat": nil}},

		{name: "other issuer", claims: object{"iss": "https://evil.example"}, want: reason.TokenIssuerUnknown, says: `issuer is "https://evil.example", expected "https://idp.example.com"`},
		{name: "issuer with a slash more", claims: object{"iss": issuer + "/"}, want: reason.TokenIssuerUnknown},
		{name: "issuer missing", claims: object{"iss": nil}, want: reason.TokenIssuerUnknown},
		{name: "any issuer", claims: object{"iss": nil}, change: func(p *token.Profile) { p.Issuer, p.DangerouslyAnyIssuer = "", true }},

		{name: "other audience", claims: object{"aud": "billing"}, want: reason.TokenAudienceWrong, says: `audience is "billing", expected one of ["orders"]`},
		{name: "audience missing", claims: object{"aud": nil}, want: reason.TokenAudienceWrong, says: "missing"},
		{name: "audience list", claims: object{"aud": []string{"billing", "orders"}}},
		{name: "audience list without us", claims: object{"aud": []string{"billing", "orders2"}}, want: reason.TokenAudienceWrong},
		{name: "audience list empty", claims: object{"aud": []string{}}, want: reason.TokenAudienceWrong},
		{name: "audience of another type", claims: object{"aud": object{"orders": true}}, want: reason.TokenMalformed},
		{name: "any audience", claims: object{"aud": "billing"}, change: func(p *token.Profile) { p.Audience, p.DangerouslyAnyAudience = nil, true }},

		{name: "DPoP proof", typ: "dpop+jwt", want: reason.TokenTypeWrong, says: `type is "dpop+jwt"`},
		{name: "logout token", typ: "logout+jwt", want: reason.TokenTypeWrong},
		{name: "ID token by at_hash", claims: object{"at_hash": "x"}, typ: "JWT", want: reason.TokenTypeWrong, says: "ID token"},
		{name: "ID token by token_use", claims: object{"token_use": "id"}, want: reason.TokenTypeWrong},
		{name: "access token by token_use", claims: object{"token_use": "access"}},
		{name: "refresh token by typ claim", claims: object{"typ": "Refresh"}, want: reason.TokenTypeWrong},
		{name: "bearer by typ claim", claims: object{"typ": "Bearer"}},
		{name: "security event", claims: object{"events": object{}}, want: reason.TokenTypeWrong},
		{name: "ID token where it is wanted", claims: object{"at_hash": "x"}, typ: "JWT", change: func(p *token.Profile) { p.Types = []string{"JWT"} }},
		{name: "typ absent where one is wanted", change: func(p *token.Profile) { p.Types = []string{"at+jwt"} }, want: reason.TokenTypeWrong},

		{name: "type is judged before expiry", claims: object{"exp": ago(time.Hour)}, typ: "dpop+jwt", want: reason.TokenTypeWrong},
		{name: "expiry is judged before audience", claims: object{"exp": ago(time.Hour), "aud": "x"}, want: reason.TokenExpired},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := profile(edKey().Public())
			if test.change != nil {
				test.change(&p)
			}
			claims, err := newVerifier(t, p).Verify(t.Context(), sign(t, edKey(), good(test.claims), test.typ))
			if got := codeOf(err); got != test.want {
				t.Fatalf("got %q (%v), want %q", got, err, test.want)
			}
			if (claims == nil) != (test.want != "") {
				t.Errorf("claims %v beside error %v", claims, err)
			}
			if test.says != "" && !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error says %q, want %q in it", err, test.says)
			}
		})
	}
}

// Nothing that a token says is judged, or recorded, before its signature was
// verified; the issuer alone chooses whose keys to ask.
func TestSignatureFirst(t *testing.T) {
	stranger := generate(token.EdDSA)
	forged, err := token.NewSigningKey(edKey().ID(), token.EdDSA, token.PrivateKeyOf(stranger))
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, profile(edKey().Public()))
	for _, test := range []struct {
		name   string
		claims object
		typ    string
		want   reason.Code
	}{
		{"good claims", nil, "", reason.TokenSignatureInvalid},
		{"expired", object{"exp": 1}, "", reason.TokenSignatureInvalid},
		{"exp missing", object{"exp": nil}, "", reason.TokenSignatureInvalid},
		{"other audience", object{"aud": "x"}, "", reason.TokenSignatureInvalid},
		{"other type", nil, "dpop+jwt", reason.TokenSignatureInvalid},
		{"other issuer", object{"iss": "x"}, "", reason.TokenIssuerUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), sign(t, forged, good(test.claims), test.typ))
			if got := codeOf(err); got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
			var refused *token.Error
			if errors.As(err, &refused) && refused.Claims != nil {
				t.Error("the error carries claims that nobody has verified")
			}
		})
	}
	_, err = v.Verify(t.Context(), sign(t, edKey(), good(object{"exp": 1}), ""))
	var refused *token.Error
	if !errors.As(err, &refused) || refused.Claims == nil || refused.Claims.Subject != "alice" {
		t.Errorf("an expired token does not say whose it is: %v", err)
	}
}

func TestVerifyShape(t *testing.T) {
	k := edKey()
	header := `{"alg":"EdDSA","kid":"` + k.ID() + `"}`
	body := mustJSON(good(nil))
	valid := sign(t, k, good(nil), "")
	parts := strings.Split(valid, ".")
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	with := func(member string) string { return body[:len(body)-1] + "," + member + "}" }
	const sig = "0123456789012345678901234567890123456789012345678901234567890123"
	tests := []struct {
		name, in string
		want     reason.Code
		says     string
	}{
		{"empty", "", reason.TokenMalformed, "no dot"},
		{"opaque", "abcdef", reason.TokenMalformed, "no dot"},
		{"two parts", parts[0] + "." + parts[1], reason.TokenMalformed, "the signature is missing"},
		{"four parts", valid + ".x", reason.TokenMalformed, "4 parts"},
		{"JWE", "a.b.c.d.e", reason.TokenMalformed, "JWE"},
		{"two dots alone", "..", reason.TokenMalformed, "expected an object"},
		{"too long", valid + strings.Repeat("A", token.MaxSize), reason.TokenMalformed, "more than 16384"},
		{"64 KiB of dots", strings.Repeat(".", 64<<10), reason.TokenMalformed, ""},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], reason.TokenMalformed, `"=" at offset`},
		{"line break", parts[0] + ".\n" + parts[1] + "." + parts[2], reason.TokenMalformed, `"\n" at offset`},
		{"line break at the end", valid + "\n", reason.TokenMalformed, ""},
		{"space", valid + " ", reason.TokenMalformed, ""},
		{"plain base64", parts[0] + ".+/." + parts[2], reason.TokenMalformed, `"+" at offset`},
		{"cut off", valid[:len(valid)-1], reason.TokenMalformed, "cut off"},
		{"unused bits", valid[:len(valid)-1] + string(valid[len(valid)-1]+1), reason.TokenMalformed, ""},

		{"header not JSON", raw("x", body, sig), reason.TokenMalformed, "offset 0"},
		{"header an array", raw("[]", body, sig), reason.TokenMalformed, "expected an object"},
		{"header with alg twice", raw(`{"alg":"EdDSA","alg":"none"}`, body, sig), reason.TokenMalformed, `"alg" appears twice`},
		{"header with alg twice, escaped", raw(`{"alg":"EdDSA","\u0061lg":"none"}`, body, sig), reason.TokenMalformed, "appears twice"},
		{"alg missing", raw(`{}`, body, sig), reason.TokenMalformed, `"alg" is missing`},
		{"alg in capitals is another name", raw(`{"ALG":"EdDSA"}`, body, sig), reason.TokenMalformed, `"alg" is missing`},
		{"alg a number", raw(`{"alg":1}`, body, sig), reason.TokenMalformed, "not a string"},
		{"kid a number", raw(`{"alg":"EdDSA","kid":1}`, body, sig), reason.TokenMalformed, "not a string"},
		{"crit", raw(`{"alg":"EdDSA","crit":["exp"],"exp":1}`, body, sig), reason.TokenMalformed, "crit"},
		{"crit empty", raw(`{"alg":"EdDSA","crit":[]}`, body, sig), reason.TokenMalformed, "crit"},
		{"b64 false", raw(`{"alg":"EdDSA","b64":false}`, body, sig), reason.TokenMalformed, "b64"},
		{"something behind the header", raw(header+"{}", body, sig), reason.TokenMalformed, "follows"},

		{"alg none", raw(`{"alg":"none"}`, body, ""), reason.TokenAlgorithmRefused, "not signed"},
		{"alg None", raw(`{"alg":"None"}`, body, ""), reason.TokenAlgorithmRefused, "not signed"},
		{"alg empty", raw(`{"alg":""}`, body, sig), reason.TokenAlgorithmRefused, "unknown"},
		{"alg in small letters", raw(`{"alg":"eddsa"}`, body, sig), reason.TokenAlgorithmRefused, "unknown"},
		{"alg HS256 not asked for", raw(`{"alg":"HS256"}`, body, sig), reason.TokenAlgorithmRefused, "not allowed"},
		{"alg is judged before the payload", raw(`{"alg":"none"}`, "x", ""), reason.TokenAlgorithmRefused, ""},

		{"payload not JSON", raw(header, "hello", sig), reason.TokenMalformed, "payload"},
		{"payload an array", raw(header, "[]", sig), reason.TokenMalformed, "expected an object"},
		{"payload cut off", raw(header, body[:len(body)-1], sig), reason.TokenMalformed, "payload"},
		{"claim twice", raw(header, with(`"sub":"bob"`), sig), reason.TokenMalformed, `"sub" appears twice`},
		{"unknown claim twice", raw(header, with(`"x":1,"x":2`), sig), reason.TokenMalformed, `"x" appears twice`},
		{"name twice, deep inside", raw(header, with(`"x":[{"y":{"z":1,"z":1}}]`), sig), reason.TokenMalformed, `"z" appears twice`},
		{"exponent", raw(header, `{"exp":1e1000000000}`, sig), reason.TokenMalformed, "out of range"},
		{"exponent in any claim", raw(header, with(`"x":-1E+99999`), sig), reason.TokenMalformed, "out of range"},
		{"exponent just too large", raw(header, with(`"x":1e400`), sig), reason.TokenMalformed, "out of range"},
		{"thousand digits", raw(header, with(`"x":`+strings.Repeat("9", 1000)), sig), reason.TokenMalformed, "too long"},
		{"deep", raw(header, deep, sig), reason.TokenMalformed, "too deep"},
		{"deep arrays", raw(header, with(`"x":`+strings.Repeat("[", 5000)), sig), reason.TokenMalformed, "too deep"},
		{"deep header", raw(deep, body, sig), reason.TokenMalformed, "too deep"},
		{"not UTF-8", raw(header, with("\"x\":\"\xff\""), sig), reason.TokenMalformed, "UTF-8"},
		{"not UTF-8 behind an escape", raw(header, with("\"x\":\"\\n\xff\""), sig), reason.TokenMalformed, "UTF-8"},
		{"half a surrogate pair", raw(header, with(`"x":"\ud800"`), sig), reason.TokenMalformed, "surrogate"},
		{"control character", raw(header, with("\"x\":\"\x01\""), sig), reason.TokenMalformed, "control"},
		{"comma at the end", raw(header, `{"a":1,}`, sig), reason.TokenMalformed, ""},
		{"leading zero", raw(header, `{"a":01}`, sig), reason.TokenMalformed, ""},
		{"NaN", raw(header, `{"a":NaN}`, sig), reason.TokenMalformed, ""},

		{"unknown kid", raw(`{"alg":"EdDSA","kid":"other"}`, body, sig), reason.TokenKeyUnknown, `kid "other"`},
		{"signature empty", raw(header, body, ""), reason.TokenSignatureInvalid, "empty"},
		{"signature too short", raw(header, body, "short"), reason.TokenSignatureInvalid, "5 octets, expected 64"},
		{"signature of zeros", raw(header, body, strings.Repeat("\x00", 64)), reason.TokenSignatureInvalid, ""},
		{"key of another kind", raw(`{"alg":"ES256","kid":"`+k.ID()+`"}`, body, sig), reason.TokenAlgorithmRefused, "EdDSA"},
	}
	v := newVerifier(t, profile(k.Public()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claims, err := v.Verify(t.Context(), test.in)
			if got := codeOf(err); got != test.want {
				t.Fatalf("got %q (%v), want %q", got, err, test.want)
			}
			if claims != nil {
				t.Error("claims beside an error")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error says %q, want %q in it", err, test.says)
			}
		})
	}
}

// What can be refused cheaply never asks for a key, let alone verifies.
func TestCheapFirst(t *testing.T) {
	body := mustJSON(good(nil))
	for name, in := range map[string]string{
		"garbage":      "x.y.z",
		"alg none":     raw(`{"alg":"none"}`, body, ""),
		"bad payload":  raw(`{"alg":"EdDSA"}`, "x", "sig"),
		"other issuer": raw(`{"alg":"EdDSA"}`, mustJSON(good(object{"iss": "x"})), "sig"),
	} {
		t.Run(name, func(t *testing.T) {
			p := profile()
			c := &counting{KeySource: token.NewKeySet(edKey().Public())}
			p.Keys = c
			if _, err := newVerifier(t, p).Verify(t.Context(), in); err == nil || c.asked != 0 {
				t.Errorf("error %v, keys asked for %d times", err, c.asked)
			}
		})
	}
}

// A token names the algorithm, but the key decides what it is for: the public
// key of RS256, which everybody has, is no secret for HS256.
func TestKeyConfusion(t *testing.T) {
	public := token.PublicKeyOf(rsaKey())
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := token.PublicKeySet(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"DER": der,
		"JWK": jwks,
	} {
		for _, kid := range []string{rsaKey().ID(), ""} {
			t.Run(name+" kid "+kid, func(t *testing.T) {
				e := base64.RawURLEncoding.EncodeToString
				text := e([]byte(`{"alg":"HS256","kid":"`+kid+`"}`)) + "." + e([]byte(mustJSON(good(nil))))
				mac := hmac.New(sha256.New, secret)
				mac.Write([]byte(text))
				text += "." + e(mac.Sum(nil))
				p := profile(rsaKey().Public())
				p.Algorithms = []string{token.RS256, token.HS256}
				_, err := newVerifier(t, p).Verify(t.Context(), text)
				if got := codeOf(err); got != reason.TokenAlgorithmRefused && got != reason.TokenKeyUnknown {
					t.Errorf("got %q (%v)", got, err)
				}
			})
		}
	}
}

// Keys in the header are the attacker's.
func TestEmbeddedKeyIsIgnored(t *testing.T) {
	attacker := generate(token.EdDSA)
	set, err := token.PublicKeySet(attacker)
	if err != nil {
		t.Fatal(err)
	}
	jwk := strings.TrimSuffix(strings.TrimPrefix(string(set), `{"keys":[`), `]}`)
	e := base64.RawURLEncoding.EncodeToString
	for name, member := range map[string]string{
		"jwk": `"jwk":` + jwk,
		"jku": `"jku":"https://evil.example/jwks.json"`,
		"x5u": `"x5u":"https://evil.example/cert.pem"`,
	} {
		t.Run(name, func(t *testing.T) {
			text := e([]byte(`{"alg":"EdDSA",`+member+`}`)) + "." + e([]byte(mustJSON(good(nil))))
			sig, err := token.PrivateKeyOf(attacker).Sign(nil, []byte(text), edSignOptions)
			if err != nil {
				t.Fatal(err)
			}
			_, err = newVerifier(t, profile(edKey().Public())).Verify(t.Context(), text+"."+e(sig))
			if got := codeOf(err); got != reason.TokenSignatureInvalid {
				t.Errorf("got %q (%v)", got, err)
			}
		})
	}
}

// A token without kid is tried on a few keys, not on any number.
func TestTriesAreBounded(t *testing.T) {
	var keys []*token.Key
	for range token.MaxKeyTries {
		keys = append(keys, generate(token.EdDSA).Public())
	}
	mine := generate(token.EdDSA)
	e := base64.RawURLEncoding.EncodeToString
	text := e([]byte(`{"alg":"EdDSA"}`)) + "." + e([]byte(mustJSON(good(nil))))
	sig, err := token.PrivateKeyOf(mine).Sign(nil, []byte(text), edSignOptions)
	if err != nil {
		t.Fatal(err)
	}
	text += "." + e(sig)
	last := append(keys[:token.MaxKeyTries-1:token.MaxKeyTries-1], rsaKey().Public(), mine.Public())
	if _, err := newVerifier(t, profile(last...)).Verify(t.Context(), text); err != nil {
		t.Errorf("the last key that is tried: %v", err)
	}
	beyond := append(keys[:len(keys):len(keys)], mine.Public())
	_, err = newVerifier(t, profile(beyond...)).Verify(t.Context(), text)
	if got := codeOf(err); got != reason.TokenSignatureInvalid {
		t.Errorf("one key beyond: got %q (%v)", got, err)
	}
}

func TestClaims(t *testing.T) {
	text := sign(t, edKey(), good(object{
		"aud": []string{"orders", "billing"}, "nbf": now.Unix() - 1, "auth_time": now.Unix() - 60,
		"client_id": "shop", "acr": "mfa", "amr": []string{"pwd", "otp"}, "uid": 9007199254740993,
		"groups": "Domain Admins", "realm_access": object{"roles": []any{"a", 1, "b"}},
		"https://example.com/roles": []string{"c"}, "a.b": object{"c": "d"}, "quo\"te": "é\n",
	}), "at+jwt")
	c, err := newVerifier(t, profile(edKey().Public())).Verify(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	type view struct {
		Issuer, Subject, ID, ClientID, ACR, Type, KeyID, Alg string
		Audience, Scopes, AMR                                []string
		Expires, NotBefore, IssuedAt, AuthTime               time.Time
	}
	want := view{
		issuer, "alice", "t1", "shop", "mfa", "at+jwt", edKey().ID(), "EdDSA",
		[]string{"orders", "billing"}, []string{"orders:read", "orders:write"}, []string{"pwd", "otp"},
		now.Add(5 * time.Minute), now.Add(-time.Second), now, now.Add(-time.Minute),
	}
	got := view{
		c.Issuer, c.Subject, c.ID, c.ClientID, c.ACR, c.Type, c.KeyID, c.Alg,
		c.Audience, c.Scopes, c.AMR, c.Expires, c.NotBefore, c.IssuedAt, c.AuthTime,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	for path, want := range map[string][]string{
		"groups":                    {"Domain Admins"},
		"realm_access.roles":        {"a", "b"},
		"https://example.com/roles": {"c"},
		"a.b.c":                     {"d"},
		"realm_access":              nil,
		"realm_access.nothing":      nil,
		"nothing":                   nil,
		"":                          nil,
		".":                         nil,
	} {
		if diff := cmp.Diff(want, c.Strings(path)); diff != "" {
			t.Errorf("Strings(%q) (-want +got):\n%s", path, diff)
		}
	}
	if got := mustJSON(c.Raw()["uid"]); got != "9007199254740993" {
		t.Errorf("a number of 64 bits came out as %s", got)
	}
}

func TestScopes(t *testing.T) {
	tests := []struct {
		name   string
		claims object
		want   []string
	}{
		{"scope", object{"scope": "a b"}, []string{"a", "b"}},
		{"scope with many spaces", object{"scope": " a  b "}, []string{"a", "b"}},
		{"scope as a list", object{"scope": []any{"a", 1, "b"}}, []string{"a", "b"}},
		{"scp as a list", object{"scope": nil, "scp": []string{"a", "b"}}, []string{"a", "b"}},
		{"scp as a string", object{"scope": nil, "scp": "a b"}, []string{"a", "b"}},
		{"scope wins", object{"scope": "a", "scp": "b"}, []string{"a"}},
		{"a tab is no space", object{"scope": "a\tb"}, []string{"a\tb"}},
		{"a number grants nothing", object{"scope": 7}, nil},
		{"empty", object{"scope": ""}, nil},
	}
	v := newVerifier(t, profile(edKey().Public()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := v.Verify(t.Context(), sign(t, edKey(), good(test.claims), ""))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, c.Scopes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNew(t *testing.T) {
	tests := []struct {
		name   string
		change func(*token.Profile)
		says   []string
	}{
		{"zero", func(p *token.Profile) { *p = token.Profile{} }, []string{"keys are missing", "issuer is missing", "audience is missing"}},
		{"none", func(p *token.Profile) { p.Algorithms = []string{"none"} }, []string{`"none" is not one of`}},
		{"wrong case", func(p *token.Profile) { p.Algorithms = []string{"rs256"} }, []string{`"rs256"`}},
		{"leeway", func(p *token.Profile) { p.Leeway = time.Hour }, []string{"leeway 1h0m0s is more than 5m0s"}},
		{"empty audience", func(p *token.Profile) { p.Audience = []string{""} }, []string{"audience is empty"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := profile()
			test.change(&p)
			v, err := token.New(p)
			if err == nil || v != nil {
				t.Fatalf("got %v, %v", v, err)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error says %q, want %q in it", err, says)
				}
			}
		})
	}
}

// The text for the operator repeats little of what a stranger sends, and nothing
// that could break a log line.
func TestErrorsAreBounded(t *testing.T) {
	v := newVerifier(t, profile(edKey().Public()))
	long := strings.Repeat("\n\u202e", 2000)
	for name, text := range map[string]string{
		"kid": raw(mustJSON(object{"alg": "EdDSA", "kid": long}), mustJSON(good(nil)), "x"),
		"alg": raw(mustJSON(object{"alg": long}), mustJSON(good(nil)), "x"),
		"iss": raw(`{"alg":"EdDSA"}`, mustJSON(good(object{"iss": long})), "x"),
		"aud": sign(t, edKey(), good(object{"aud": strings.Split(strings.Repeat("x,", 2000), ",")}), ""),
		"typ": sign(t, edKey(), good(nil), strings.Repeat("x", 3000)),
	} {
		_, err := v.Verify(t.Context(), text)
		if err == nil || len(err.Error()) > 900 || strings.ContainsAny(err.Error(), "\n\u202e") {
			t.Errorf("%s: %d octets: %q", name, len(err.Error()), err)
		}
	}
}
