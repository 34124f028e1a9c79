package inspector_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/web/browsertest"
)

// finding is what both sides say of one fault.
type finding struct {
	ID, Severity string
	Offset       int
	Message      string // empty where it tells a time
}

// shown reads the findings and the verdict out of the page, after the value has
// been pasted as it is.
func shown(p *browsertest.Tab, id, value string) (findings []finding, cause string) {
	p.Fill("input", "x")
	p.Wait(`document.querySelector(".verdict-box, .error")`)
	p.Fill(id, value)
	type result struct {
		Findings []finding
		Cause    string
	}
	// One turn for the signature, which is checked elsewhere.
	r := browsertest.JS[result](p, `new Promise((done) => setTimeout(() => done({
		Findings: [...document.querySelectorAll(".finding")].map((f) => ({
			ID: f.dataset.id, Severity: f.dataset.severity, Offset: Number(f.dataset.offset), Message: f.dataset.message})),
		Cause: document.querySelector(".verdict-box")?.dataset.cause ?? "",
	}), 30))`)
	return r.Findings, r.Cause
}

// plain leaves out what tells a time.
func plain(list []finding) []finding {
	for i, f := range list {
		switch f.ID {
		case "jwt-expired", "jwt-not-yet-valid", "jwt-issued-in-future":
			list[i].Message = ""
		}
	}
	return list
}

func fromGo(found []explain.Finding) []finding {
	var out []finding
	for _, f := range found {
		out = append(out, finding{string(f.ID), string(f.Severity), f.Offset, f.Message})
	}
	return plain(out)
}

func jwt(header, payload string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2lnbmF0dXJl"
}

// testFindings compares what the page finds in a token with what gate401 explain
// finds, octet by octet.
func testFindings(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	const head = `{"alg":"ES256","typ":"at+jwt"}`
	const good = `{"iss":"i","aud":"a","exp":4102444800}`
	var texts []string
	for _, payload := range []string{
		good, `{"iss":"i","aud":["a","b"],"exp":1600000000}`, `{"iss":"i","aud":"a","nbf":4102444800,"exp":4102444900}`, `{}`, `[]`, `"x"`, ``, `{"iss":"i"`,
		`{"iss":1}`, `{"aud":{}}`, `{"aud":[1]}`, `{"aud":"a","aud":"b"}`, `{"exp":"1"}`, `{"exp":1600000000000}`, `{"exp":1e400}`, `{"exp":1e99999}`, `{"exp":-62135596800}`,
		`{"exp": 99999999999999999999 }`, `{"iat":4102444800.5,"exp":4102444900.25}`, `{"a":"\u00e9\ud83d\ude00\n"}`, `{"a":"\ud83d"}`, `{"a":"\ud83dx"}`, `{"a":"\ude00\ud83d"}`,
		`{"a":"\q"}`, `{"a":"\u12"}`, `{"a":"\u12x4"}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xff\\n\"}", `{"a":tru}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":[1,]}`, `{"a":[}`,
		`{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":1} x`, ` {"a":1} `, `{"é":1,"é":2}`, `{"a":"` + strings.Repeat("x", 200), strings.Repeat(`{"a":`, 40),
		`{"a":` + strings.Repeat("1", 80) + `}`, `{"scope":5,"amr":{},"auth_time":"x","acr":[],"events":{}}`, `{"jti":7}`, `{"sub":null}`, "\xef\xbb\xbf{}",
	} {
		texts = append(texts, jwt(head, payload))
	}
	for _, header := range []string{
		`{}`, `{"alg":1}`, `{"alg":"none"}`, `{"alg":"NONE"}`, `{"alg":"RS256","crit":["x"]}`, `{"alg":"ES256","b64":false}`, `{"alg":"ES256","b64":true}`,
		`{"alg":"ES256","kid":1}`, `{"alg":"ES256","alg":"ES256"}`, `{"alg":`, `x`, `{"alg":"ES256"}}`, `{"typ":[]}`,
	} {
		texts = append(texts, jwt(header, good))
	}
	whole := jwt(head, good)
	h, rest, _ := strings.Cut(whole, ".")
	texts = append(texts,
		"opaque", "a.b", "a.b.c", "a.b.c.d", whole+".x", whole+".x.y", h+"."+h, strings.Repeat("a", token.MaxSize+1), "..", "...",
		h+"=."+rest, h+"."+rest+"=", h+"."+rest+"==", h+" ."+rest, h+"."+strings.Replace(rest, ".", "\n.", 1), h+"+/."+rest, h+".é"+rest, h+"."+rest+"x", h[:len(h)-1]+"."+rest,
		h+"."+rest[:len(rest)-1]+"9", whole+"\x00x", "\""+whole+"\"",
	)
	// Damage of every other kind, the same each time.
	random := rand.New(rand.NewPCG(4, 1))
	for range 60 {
		raw := []byte(whole)
		for range 1 + random.IntN(2) {
			raw[random.IntN(len(raw))] = "aZ.-_=+/ {}\"\n9"[random.IntN(14)]
		}
		texts = append(texts, string(raw))
	}
	for _, text := range texts {
		text = strings.Trim(text, " \n")
		if strings.HasPrefix(text, "{") {
			continue // that is JSON, not a token
		}
		want := explain.Token(text, time.Now(), true)
		got, cause := shown(p, "input", text)
		if diff := cmp.Diff(fromGo(want.Findings), plain(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%.120q (-explain +page):\n%s", text, diff)
		}
		// The page knows more of the checks of a gate; where explain names one, so
		// must it.
		if want.Cause != nil && cause != string(want.Cause.Code) && (cause != "token-algorithm-refused" || want.Cause.Code != "token-malformed") {
			t.Errorf("%.120q: the page says %q, explain %q", text, cause, want.Cause.Code)
		}
	}
}

// testFields compares what the page finds in a value of Authorization with what
// gate401 explain finds.
func testFields(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	basic := base64.StdEncoding.EncodeToString
	for _, value := range []string{
		"Bearer abc.def", "bearer abc", "BEARER abc", "Bearer  abc", "Bearer\tabc", "Bearer", "Bearer abc def", "Bearer Bearer abc", "Bearer Basic abc", "Bearer \"abc\"", "Bearer 'abc'",
		"Bearer <abc>", "Bearer {{token}}", "Bearer $TOKEN", "Bearer ${TOKEN}", "Bearer %TOKEN%", "Bearer abc%0A", "Bearer undefined", "Bearer null", "Bearer [object Object]", "Bearer token",
		"Bearer access_token=abc", "Bearer a,b", "Bearer abc, Basic dTpw", "Bearer abc\u200bdef", "Bearer \u201cabc\u201d", "Bearer äbc", "Bearer:abc", "Bearer=abc", "Bearer,abc", "BearereyJh.x.y", "Bearerabc",
		"Basic " + basic([]byte("alice:secret")), "Basic " + basic([]byte("alice")), "Basic " + basic([]byte("alice:")), "Basic " + basic([]byte(":x")), "Basic alice:secret", "Basic !!!", "Basic YWJj=",
		"Basic YWxpY2U6cw", "Basic YWxpY2U6cx==", "Basic YWxp-_2U6cw==", "Basic YWxpY2U6 cw==", "Basic " + basic([]byte("alice:a\n")), "Basic " + basic([]byte("al\xffce:a")),
		"Basic " + basic([]byte(basic([]byte("alice:secret")))), "Basic eyJhbGciOiJub25lIn0.e30.eA", "Basic", "Basic  dTpw", "Basic dTpw=", "Basic =",
		"Token abc", "JWT abc", "ApiKey abc", "Whatever abc", "DPoP abc", "Negotiate abc=", "Bearer abc\x01", "Hawk abc",
	} {
		line := "Authorization: " + value
		want := explain.Authorization(strings.TrimSpace(value), time.Now(), true)
		findings := fromGo(want.Findings)
		if want.Token != nil {
			findings = append(findings, fromGo(want.Token.Findings)...)
		}
		got, cause := shown(p, "input", line)
		if want.Token == nil {
			// What is wrong with the field hides the token; the page shows it too.
			got = slices.DeleteFunc(got, func(f finding) bool { return strings.HasPrefix(f.ID, "jwt-") })
		}
		if diff := cmp.Diff(findings, plain(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-explain +page):\n%s", value, diff)
		}
		wanted := "none"
		if want.Cause != nil {
			wanted = string(want.Cause.Code)
		}
		switch value {
		case "DPoP abc", "Negotiate abc=":
			continue // explain asks a gate that takes Basic and Bearer alone
		case "Bearer undefined", "Bearer null", "Bearer token":
			wanted = "token-malformed" // the field can be read, the token cannot
		}
		if cause != wanted {
			t.Errorf("%q: the page says %q, explain %q", value, cause, wanted)
		}
	}
	environment, err := token.NewAPIKey(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	key := environment.Reveal()
	for _, text := range []string{
		key, key[:len(key)-1], key + "x", strings.ToUpper(key), "G401" + key[4:], strings.Replace(key, "live", "LIVE", 1), strings.Replace(key, "live", "test", 1), "g401_", "g401_live", "g401_live_",
		"g401__" + key[10:], strings.Replace(key, "_live_", "_li-ve_", 1), key[:20] + "-" + key[21:], key[:20] + "_" + key[21:], key + key, "g401_" + strings.Repeat("a", 17) + "_x",
	} {
		want := explain.Token(text, time.Now(), true)
		got, cause := shown(p, "input", text)
		if diff := cmp.Diff(fromGo(want.Findings), plain(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-explain +page):\n%s", text, diff)
		}
		if want.Cause != nil && cause != string(want.Cause.Code) || want.Cause == nil && cause != "none" {
			t.Errorf("%q: the page says %q, explain %+v", text, cause, want.Cause)
		}
	}
}

// testVerdicts compares the cause that the page names with the reason of the
// verifier that a gate uses, for tokens in every state.
func testVerdicts(t *testing.T, b *browsertest.Browser, url string) {
	ctx := context.Background()
	maker := newMaker(t)
	published, err := maker.Keyring.PublicKeySet(ctx)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseKeySet(published)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.New(token.Profile{Keys: keys, Issuer: maker.Issuer, Audience: []string{maker.Audience}})
	if err != nil {
		t.Fatal(err)
	}
	p := b.Tab(t)
	p.Open(url)
	p.Fill("iss", maker.Issuer)
	p.Fill("aud", maker.Audience)
	p.Fill("key", string(published))
	seen := map[string]bool{}
	for _, kind := range []string{
		samples.TokenValid, samples.TokenLowScope, samples.TokenOldLogin, samples.TokenExpired, samples.TokenNotYetValid, samples.TokenWrongAudience, samples.TokenWrongIssuer,
		samples.TokenBadSignature, samples.TokenAlgNone, samples.TokenHS256, samples.TokenUnknownKid, samples.TokenWrongType, samples.TokenMalformed, samples.TokenPartner,
	} {
		text, err := maker.Token(ctx, kind)
		if err != nil {
			t.Fatal(err)
		}
		want := "none"
		var refused *token.Error
		if _, err := verifier.Verify(ctx, text); errors.As(err, &refused) {
			want = string(refused.Reason)
		} else if err != nil {
			t.Fatal(err)
		}
		seen[want] = true
		p.Fill("input", "x")
		p.Wait(`document.querySelector(".verdict-box")?.dataset.cause === "token-malformed"`)
		p.Fill("input", "Authorization: Bearer "+text)
		p.Wait(fmt.Sprintf(`document.querySelector(".verdict-box")?.dataset.cause === %q`, want))
		if got := browsertest.JS[string](p, `document.getElementById("said").textContent`); want != "none" && !strings.Contains(got, want) {
			t.Errorf("%s: a listener hears %q", kind, got)
		}
	}
	if len(seen) < 9 {
		t.Errorf("only %d verdicts were seen: %v", len(seen), seen)
	}
}

func newMaker(t *testing.T) *samples.Maker {
	t.Helper()
	sealer, err := seal.New(bytes.Repeat([]byte{4}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	set := memory.Open(memory.Options{})
	t.Cleanup(func() { _ = set.Close() })
	ring, err := keyring.Open(context.Background(), set, sealer, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Create(context.Background(), token.ES256); err != nil {
		t.Fatal(err)
	}
	return &samples.Maker{
		Set: set, Keyring: ring, Issuer: "https://gate.example", Audience: "orders",
		Subject: "alice", Groups: []string{"staff"}, Scopes: []string{"orders:read", "orders:write"}, Now: time.Now,
	}
}
