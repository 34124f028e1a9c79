package openid_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/openid"
)

// Whose address it is, where two documents, or two spellings, say something of it.
func TestAddressesAreNotMixed(t *testing.T) {
	yes := true
	for _, tt := range []struct {
		name           string
		pattern        string
		claims, more   map[string]any
		wantReason     string
		userinfoAlways bool
	}{
		{"one document says both", "*@example.com", map[string]any{"email": "a@example.com", "email_verified": yes}, nil, "", true},
		{"userinfo says both", "*@example.com", nil, map[string]any{"email": "a@example.com", "email_verified": yes}, "", false},
		{"both of one address", "*@example.com", map[string]any{"email": "a@example.com"}, map[string]any{"email": "a@example.com", "email_verified": yes}, "", true},
		{
			"another address was verified", "*@example.com",
			map[string]any{"email": "boss@example.com"}, map[string]any{"email": "eve@evil.example", "email_verified": yes}, "group-missing", true,
		},
		{
			"nobody says which was verified", "*@example.com",
			map[string]any{"email": "boss@example.com"}, map[string]any{"email_verified": yes}, "group-missing", true,
		},
		{
			"an address for a word about none", "*@example.com",
			map[string]any{"email_verified": yes}, map[string]any{"email": "boss@example.com"}, "group-missing", true,
		},
		{"two at signs", "*@example.com", map[string]any{"email": "a@evil.example@example.com", "email_verified": yes}, nil, "group-missing", false},
		{"a letter that only looks like k", "ken@example.com", map[string]any{"email": "\u212aen@example.com", "email_verified": yes}, nil, "group-missing", false},
		{"a domain with such a letter", "*@korp.example", map[string]any{"email": "a@\u212aorp.example", "email_verified": yes}, nil, "group-missing", false},
		{"a line behind the address", "*@example.com", map[string]any{"email": "a@example.com\n", "email_verified": yes}, nil, "group-missing", false},
		{"a number that says yes", "*@example.com", map[string]any{"email": "a@example.com", "email_verified": 1}, nil, "group-missing", false},
		{"a list that says yes", "*@example.com", map[string]any{"email": "a@example.com", "email_verified": []any{true}}, nil, "group-missing", false},
		{"a list of addresses", "*@example.com", map[string]any{"email": []any{"a@example.com"}, "email_verified": yes}, nil, "group-missing", false},
		{"a domain below", "*@example.com", map[string]any{"email": "a@x.example.com", "email_verified": yes}, nil, "group-missing", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, func(g *rig) {
				g.p.OnlyEmails, g.op.more = []string{tt.pattern}, tt.more
				for k, v := range tt.claims {
					g.op.claims[k] = v
				}
				if tt.userinfoAlways {
					g.p.UserInfo = openid.UserInfoAlways
				}
			})
			g.login("")
			got := ""
			if g.who == nil {
				got = string(g.shown.Reason())
			}
			if got != tt.wantReason {
				t.Errorf("%q, want %q", got, tt.wantReason)
			}
		})
	}
}

// Claims of other types than they should have, and what terminals would obey.
func TestClaimsOfOddTypes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		claims map[string]any
		groups []string
		reason string
	}{
		{"a number", map[string]any{"groups": 7}, nil, ""},
		{"an object", map[string]any{"groups": map[string]any{"admin": true}}, nil, ""},
		{"lists in a list", map[string]any{"groups": []any{[]any{"admin"}, map[string]any{"name": "admin"}, true, nil, "a"}}, []string{"a"}, ""},
		{"true", map[string]any{"groups": true, "roles": "r"}, []string{"r"}, ""},
		{"a list in one text", map[string]any{"groups": "a,admin b"}, []string{"a,admin b"}, ""},
		{"letters that look alike", map[string]any{"groups": []any{"\u0430dmin", "ADMIN", "admin "}}, []string{"\u0430dmin", "ADMIN", "admin "}, ""},
		{"the subject a number", map[string]any{"sub": 1234}, nil, "check-failed"},
		{"the subject empty", map[string]any{"sub": ""}, nil, "check-failed"},
		{"the subject with a line", map[string]any{"sub": "a\nb"}, nil, "check-failed"},
		{"the subject too long", map[string]any{"sub": strings.Repeat("x", 256)}, nil, "check-failed"},
		{"a group that no store keeps", map[string]any{"groups": []any{strings.Repeat("x", 5000)}}, nil, "check-failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, func(g *rig) {
				g.p.UserInfo = openid.UserInfoNever
				for k, v := range tt.claims {
					g.op.claims[k] = v
				}
			})
			g.login("")
			if tt.reason != "" {
				if g.who != nil || string(g.shown.Reason()) != tt.reason {
					t.Errorf("%+v %v, want %s", g.who, g.shown, tt.reason)
				}
				return
			}
			if g.who == nil {
				t.Fatal(g.shown.Denial)
			}
			if d := cmp.Diff(tt.groups, g.who.Groups); d != "" {
				t.Error(d)
			}
		})
	}
}

// How somebody proved who they are is shown in a terminal too.
func TestProofsArePlainText(t *testing.T) {
	g := newRig(t, func(g *rig) {
		g.op.claims["amr"], g.op.claims["acr"] = []any{"pwd", "\x1b[2J", "o\u202etp", "otp"}, "2\x1b[2J"
	})
	g.login("")
	if g.who == nil {
		t.Fatal(g.shown.Denial)
	}
	if d := cmp.Diff([]string{"pwd", "otp"}, g.who.AMR); d != "" || g.who.ACR != "" {
		t.Errorf("%s %q", d, g.who.ACR)
	}
}

// The file is loaded anew while somebody is at the provider, and its name is that
// of another one now: that one must not be told the code.
func TestAnotherProviderOfThatName(t *testing.T) {
	g := newRig(t, nil)
	state := g.begin("").Get("state")
	other := newOP(t, g.op.now)
	for _, p := range []*openid.Provider{
		{Name: "work", Issuer: other.URL, ClientID: "gate", ClientSecret: "theirs", Now: g.p.Now},
		{Name: "work", Issuer: g.op.URL, ClientID: "another", ClientSecret: "theirs", Now: g.p.Now},
	} {
		old := g.h.Providers[0]
		defer func() { _ = old.Close() }()
		g.h.Providers = []*openid.Provider{p}
		w := g.back(url.Values{"state": {state}, "code": {"a-code"}, "iss": {p.Issuer}})
		if g.who != nil || w.Code != 401 || string(g.shown.Reason()) != "session-expired" || other.form != nil || g.op.form != nil {
			t.Errorf("%d %v %v %v", w.Code, g.shown, other.form, g.op.form)
		}
	}
}

// Addresses here have codes in them: no answer tells them to anybody, or may be
// framed.
func TestAnswersTellNobody(t *testing.T) {
	g := newRig(t, nil)
	state := g.begin("").Get("state")
	for name, query := range map[string]string{
		"refused":    "?state=" + state + "&iss=" + url.QueryEscape(g.op.URL) + "&error=access_denied",
		"stray":      "?state=" + state + "&code=a-code",
		"unreadable": "?state=a&state=b",
	} {
		w := g.get("/auth/login/work/callback" + query)
		h := w.Header()
		if w.Code < 400 || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(w.Body.String(), "a-code") || strings.Contains(w.Body.String(), state) {
			t.Errorf("%s: %d %v\n%s", name, w.Code, h, w.Body)
		}
	}
}

// A provider that repeats what it was sent, in whatever form that had on its way,
// does not get our secret into the log.
func TestRepeatedSecretsStayOut(t *testing.T) {
	for _, way := range []string{"basic", "post"} {
		g := newRig(t, func(g *rig) { g.p.ClientAuth = way })
		g.op.token = func(w http.ResponseWriter, r *http.Request) {
			body := url.Values{"client_secret": r.PostForm["client_secret"]}.Encode()
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": "got " + body + " " + r.Header.Get("Authorization")})
		}
		g.login("")
		var said []string
		for _, s := range g.shown.Steps {
			said = append(said, s.Note)
		}
		text := strings.Join(said, " ") + g.shown.Denial.Error()
		if !strings.Contains(text, "invalid_client") || strings.Contains(text, "got ") {
			t.Errorf("%s: %s", way, text)
		}
	}
}
