package openid_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// hashOf is the at_hash of an access token (OpenID Connect Core 1.0 section 3.1.3.6).
func hashOf(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// shout is in every text of a provider: no page may have it.
const shout = "PROVIDER<b>SHOUTS"

func refusing(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestBadAnswers(t *testing.T) {
	ago := func(g *rig, d time.Duration) int64 { return g.now.Add(-d).Unix() }
	for _, tt := range []struct {
		name   string
		change func(*rig)
		reason string
		note   string // in what the operator reads
	}{
		{"another issuer", func(g *rig) { g.op.claims["iss"] = "https://other.example" }, "check-failed", "token-issuer"},
		{"another audience", func(g *rig) { g.op.claims["aud"] = "somebody" }, "check-failed", "token-audience-wrong"},
		{"no audience", func(g *rig) { g.op.claims["aud"] = nil }, "check-failed", "token-audience-wrong"},
		{"several audiences, no azp", func(g *rig) { g.op.claims["aud"] = []string{"gate", "other"} }, "check-failed", "azp"},
		{"azp of another", func(g *rig) { g.op.claims["aud"], g.op.claims["azp"] = []string{"gate", "other"}, "other" }, "check-failed", "azp"},
		{"azp of another, one audience", func(g *rig) { g.op.claims["azp"] = "other" }, "check-failed", "azp"},
		{"azp is no text", func(g *rig) { g.op.claims["azp"] = []string{"gate"} }, "check-failed", ""},
		{"another nonce", func(g *rig) { g.op.claims["nonce"] = "x" }, "session-unknown", "nonce"},
		{"no nonce", func(g *rig) { g.op.claims["nonce"] = nil }, "session-unknown", "nonce"},
		{"no sub", func(g *rig) { g.op.claims["sub"] = nil }, "check-failed", "sub is missing"},
		{"sub is a number", func(g *rig) { g.op.claims["sub"] = 7 }, "check-failed", "token-malformed"},
		{"sub is too long", func(g *rig) { g.op.claims["sub"] = strings.Repeat("x", 300) }, "check-failed", "too long"},
		{"sub has control characters", func(g *rig) { g.op.claims["sub"] = "a\x1b[31m" }, "check-failed", "control"},
		{"no exp", func(g *rig) { g.op.claims["exp"] = nil }, "check-failed", "token-"},
		{"expired", func(g *rig) { g.op.claims["exp"] = ago(g, time.Hour) }, "check-failed", "compare the clock"},
		{"no iat", func(g *rig) { g.op.claims["iat"] = nil }, "check-failed", "iat is missing"},
		{"iat is later", func(g *rig) { g.op.claims["iat"] = ago(g, -time.Hour) }, "check-failed", "compare the clock"},
		{"nbf is later", func(g *rig) { g.op.claims["nbf"] = ago(g, -time.Hour) }, "check-failed", "compare the clock"},
		{"at_hash of another token", func(g *rig) { g.op.claims["at_hash"] = hashOf("other") }, "check-failed", "at_hash"},
		{"at_hash is empty", func(g *rig) { g.op.claims["at_hash"] = "" }, "check-failed", "at_hash"},
		{"distributed claims without a source", func(g *rig) { g.op.claims["_claim_names"] = map[string]string{"groups": "src"} }, "check-failed", "source"},
		{"no ID token", func(g *rig) { g.op.answer["id_token"] = nil }, "check-failed", "no id_token"},
		{"the ID token is an object", func(g *rig) { g.op.answer["id_token"] = map[string]any{"a": 1} }, "check-failed", "no id_token"},
		{"the ID token is no JWT", func(g *rig) { g.op.answer["id_token"] = shout }, "check-failed", "id token"},
		{"no access token", func(g *rig) { g.op.answer["access_token"] = nil }, "check-failed", "token endpoint"},
		{"another token type", func(g *rig) { g.op.answer["token_type"] = "mac" }, "check-failed", "token type"},
		{"unsigned", func(g *rig) {
			g.op.sign = func(c map[string]any) string {
				_, payload, _ := strings.Cut(signed(g.op.key, jose.ES256, "one", "JWT", c), ".")
				payload, _, _ = strings.Cut(payload, ".")
				return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + payload + "."
			}
		}, "check-failed", "id token"},
		{"signed with the secret", func(g *rig) {
			g.p.ClientSecret = strings.Repeat("s", 40)
			g.op.sign = func(c map[string]any) string {
				return signed([]byte(g.p.ClientSecret), jose.HS256, "one", "JWT", c)
			}
		}, "check-failed", "id token"},
		{"signed with another key", func(g *rig) {
			other := newKey(t)
			g.op.sign = func(c map[string]any) string { return signed(other, jose.ES256, "one", "JWT", c) }
		}, "check-failed", "token-signature-invalid"},
		{"signed with a key that it does not publish", func(g *rig) {
			other := newKey(t)
			g.op.sign = func(c map[string]any) string { return signed(other, jose.ES256, "two", "JWT", c) }
		}, "check-failed", "token-key-unknown"},
		{"an access token", func(g *rig) {
			g.op.sign = func(c map[string]any) string { return signed(g.op.key, jose.ES256, "one", "at+jwt", c) }
		}, "check-failed", "token-type-wrong"},
		{"the same claim twice", func(g *rig) {
			g.op.sign = func(map[string]any) string {
				s, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: g.op.key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
				jws, _ := s.Sign([]byte(`{"sub":"a","sub":"b"}`))
				text, _ := jws.CompactSerialize()
				return text
			}
		}, "check-failed", "id token"},
		{"userinfo of somebody else", func(g *rig) { g.op.claims["name"], g.op.more = nil, map[string]any{"sub": "4321"} }, "check-failed", "sub is not that"},
		{"wanted userinfo is not there", func(g *rig) { g.p.UserInfo, g.op.metadata["userinfo_endpoint"] = "always", nil }, "check-failed", "no such endpoint"},
		{"invalid_grant", func(g *rig) {
			g.op.token = refusing(400, `{"error":"invalid_grant","error_description":"`+shout+`"}`)
		}, "session-expired", "invalid_grant"},
		{"invalid_client", func(g *rig) { g.op.token = refusing(401, `{"error":"invalid_client"}`) }, "check-failed", "client_secret"},
		{"its description has our secret", func(g *rig) {
			g.op.token = refusing(401, `{"error":"invalid_client","error_description":"you sent `+secret+`"}`)
		}, "check-failed", "invalid_client"},
		{"500", func(g *rig) { g.op.token = refusing(500, shout) }, "check-failed", "status 500"},
		{"200 with an error", func(g *rig) { g.op.token = refusing(200, `{"error":"server_error"}`) }, "check-failed", "server_error"},
		{"no JSON", func(g *rig) { g.op.token = refusing(200, shout) }, "check-failed", "token endpoint"},
		{"an answer without end", func(g *rig) { g.op.token = refusing(200, strings.Repeat(" ", 3<<20)) }, "check-failed", "token endpoint"},
		{"a redirect elsewhere", func(g *rig) {
			g.op.token = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/me", http.StatusTemporaryRedirect) }
		}, "check-failed", "redirect"},
		{"the subject claim is missing", func(g *rig) { g.p.Subject = "employee" }, "check-failed", "employee"},
		{"an address that is not verified", func(g *rig) { g.p.Subject, g.op.claims["email"] = "email", "a@example.com" }, "group-missing", "trust_email"},
		{"none of those groups", func(g *rig) { g.p.OnlyGroups, g.op.claims["groups"] = []string{"admin"}, []string{"staff"} }, "group-missing", `may log in here: its groups are ["staff"]`},
		{"no groups at all", func(g *rig) { g.p.OnlyGroups, g.op.claims["groups"] = []string{"admin"}, nil }, "group-missing", "no group came of the claims"},
		{"none of those addresses", func(g *rig) {
			g.p.OnlyEmails, g.op.claims["email"], g.op.claims["email_verified"] = []string{"*@example.com"}, "a@evil.example", true
		}, "group-missing", "may log in here: its address is another one"},
		{"that address, not verified", func(g *rig) {
			g.p.OnlyEmails, g.op.claims["email"] = []string{"*@example.com"}, "a@example.com"
		}, "group-missing", "trust_email"},
		{"no address", func(g *rig) { g.p.OnlyEmails, g.op.claims["email"] = []string{"*@example.com"}, nil }, "group-missing", "told of no address"},
		{"more groups than anybody has", func(g *rig) {
			var all []string
			for i := range 300 {
				all = append(all, fmt.Sprintf("g%03d", i))
			}
			g.op.claims["groups"] = all
		}, "check-failed", "more than 256 groups"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, tt.change)
			w := g.login("?return_to=/orders")
			if g.who != nil {
				t.Fatalf("it was let in: %+v", *g.who)
			}
			if got := string(g.shown.Reason()); got != tt.reason {
				t.Errorf("reason %s, want %s: %v", got, tt.reason, g.shown.Denial)
			}
			note := g.shown.Denial.Error()
			if !strings.Contains(note, tt.note) {
				t.Errorf("the operator reads %q, want %q in it", note, tt.note)
			}
			page := w.Body.String()
			if strings.Contains(page, "SHOUTS") || strings.Contains(page, secret) || strings.Contains(note, secret) || strings.Contains(page, "a-code") {
				t.Errorf("too much is told: %s\n%s", note, page)
			}
			if w.Code != g.shown.Status() || !strings.Contains(page, w.Header().Get("X-Request-Id")) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			again := `href="/auth/login/work?return_to=%2Forders"`
			if tt.reason == "group-missing" {
				again = `href="/auth/login/work?other=1&amp;return_to=%2Forders"`
			}
			if !strings.Contains(page, again) || !strings.Contains(page, `href="/auth/login?return_to=%2Forders"`) {
				t.Errorf("there is no way on:\n%s", page)
			}
			if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("%d with %v", w.Code, w.Header())
			}
		})
	}
}

func TestDeclined(t *testing.T) {
	for _, tt := range []struct {
		code   string
		status int
		reason string
	}{
		{"access_denied", 401, "session-missing"},
		{"login_required", 401, "session-missing"},
		{"consent_required", 401, "session-missing"},
		{"server_error", 503, "check-failed"},
		{"temporarily_unavailable", 503, "check-failed"},
		{"invalid_scope", 503, "check-failed"},
		{"unauthorized_client", 503, "check-failed"},
		{shout, 503, "check-failed"},
		{"", 503, "check-failed"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			g := newRig(t, nil)
			w := g.back(url.Values{
				"state": {g.begin("").Get("state")}, "iss": {g.op.URL}, "error": {tt.code}, "error_description": {shout}, "error_uri": {"https://evil.example"},
			})
			if w.Code != tt.status || string(g.shown.Reason()) != tt.reason || strings.Contains(w.Body.String(), "SHOUTS") || strings.Contains(w.Body.String(), "evil") {
				t.Errorf("%d %v\n%s", w.Code, g.shown, w.Body)
			}
			if g.op.form != nil {
				t.Error("the token endpoint was asked")
			}
		})
	}
}
