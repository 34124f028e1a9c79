package openid_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/session"
)

func TestLogin(t *testing.T) {
	g := newRig(t, func(g *rig) {
		g.p.Groups = map[string]string{"Their Admins": "admin", "approver": "approver"}
		g.p.GroupsFrom = []string{"groups", "realm_access.roles"}
		g.op.claims = map[string]any{
			"groups": []string{"staff", "Their Admins"}, "realm_access": map[string]any{"roles": []string{"approver", "offline"}},
			"auth_time": g.now.Add(-time.Hour).Unix(), "acr": "gold", "amr": []string{"pwd", "otp"},
			"at_hash": "IFe0L93ODZ_1lfYRoDhXIA", // see TestAccessTokenHash
		}
	})
	g.op.claims["at_hash"] = hashOf("access")
	sent := g.begin("?return_to=" + url.QueryEscape("/orders/42?tab=lines"))
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "gate", "scope": "openid profile email", "code_challenge_method": "S256",
		"redirect_uri": host + "/auth/login/work/callback", "prompt": "", "max_age": "31536000",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	w := g.back(url.Values{"state": {sent.Get("state")}, "code": {"a-code"}, "iss": {g.op.URL}})
	if w.Code != http.StatusSeeOther || g.who == nil {
		t.Fatal(w.Code, w.Body, g.shown)
	}
	want := session.Proved{
		Subject: "1234", Issuer: g.op.URL, Provider: "work", Display: "Alice", Groups: []string{"admin", "approver"},
		AuthTime: g.now.Add(-time.Hour), ACR: "gold", AMR: []string{"pwd", "otp"},
	}
	if d := cmp.Diff(want, *g.who); d != "" {
		t.Error(d)
	}
	if g.to != "/orders/42?tab=lines" {
		t.Errorf("returns to %q", g.to)
	}
	if got := challengeOf(g.op.form.Get("code_verifier")); got != sent.Get("code_challenge") {
		t.Errorf("the verifier is not that of the challenge: %s, %s", got, sent.Get("code_challenge"))
	}
	user, pass, _ := (&http.Request{Header: http.Header{"Authorization": {g.op.user}}}).BasicAuth()
	if user, _ = url.QueryUnescape(user); user != "gate" {
		t.Errorf("client %q", user)
	}
	if pass, _ = url.QueryUnescape(pass); pass != secret {
		t.Errorf("secret %q", pass)
	}
	if g.op.form.Has("client_secret") || g.op.form.Get("redirect_uri") != host+"/auth/login/work/callback" {
		t.Error(g.op.form)
	}
}

func TestSecondProofOfOneBrowser(t *testing.T) {
	g := newRig(t, nil)
	// Three tabs at once: each has its own state, verifier and nonce, and one cookie
	// serves them all.
	type tab struct{ state, nonce, to string }
	var tabs []tab
	for _, to := range []string{"/a", "/b", "/c"} {
		q := g.begin("?return_to=" + to)
		tabs = append(tabs, tab{q.Get("state"), q.Get("nonce"), to})
	}
	if len(g.cookies) != 1 {
		t.Errorf("%d cookies", len(g.cookies))
	}
	for _, i := range []int{1, 2, 0} {
		g.op.nonce = tabs[i].nonce
		if w := g.back(url.Values{"state": {tabs[i].state}, "code": {"x"}, "iss": {g.op.URL}}); w.Code != http.StatusSeeOther || g.to != tabs[i].to {
			t.Errorf("tab %d: %d, to %q", i, w.Code, g.to)
		}
	}
	if tabs[0].nonce == tabs[1].nonce {
		t.Error("two logins have one nonce")
	}
}

func TestStepUp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		assume bool
		auth   any // seconds before now, nil for no auth_time
		want   string
	}{
		{"proved anew", false, -1, ""},
		{"a clock that is a little behind", false, -50, ""},
		{"proved long ago", false, -3600, "authentication-too-old"},
		{"not told", false, nil, "authentication-too-old"},
		{"not told, and taken for granted", true, nil, ""},
		{"proved long ago, and taken for granted", true, -3600, "authentication-too-old"},
		{"later than now", false, 3600, "check-failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, func(g *rig) { g.p.AssumeFresh = tt.assume })
			if s, ok := tt.auth.(int); ok {
				g.op.claims["auth_time"] = g.now.Unix() + int64(s)
			}
			sent := g.begin("?again=1&return_to=/x")
			if sent.Get("prompt") != "login" || sent.Get("max_age") != "0" {
				t.Error(sent)
			}
			w := g.back(url.Values{"state": {sent.Get("state")}, "code": {"x"}, "iss": {g.op.URL}})
			switch {
			case tt.want == "" && (g.who == nil || g.now.Sub(g.who.AuthTime) > time.Minute):
				t.Error(w.Body, g.shown, g.who)
			case tt.want != "" && (g.shown == nil || string(g.shown.Reason()) != tt.want):
				t.Errorf("%v, want %s", g.shown, tt.want)
			}
		})
	}
	// Without it nobody takes a proof for fresh of which nobody knows when it was.
	g := newRig(t, func(g *rig) { g.p.AssumeFresh = true })
	if g.login(""); g.who == nil || g.who.AuthTime.IsZero() || g.now.Sub(g.who.AuthTime) < 24*time.Hour {
		t.Error(g.who, g.shown)
	}
}

// Somebody who is not let in can come as somebody else.
func TestAnotherAccount(t *testing.T) {
	for _, tt := range []struct {
		prompts []string
		want    string
	}{{nil, "login"}, {[]string{"none", "login"}, "login"}, {[]string{"select_account"}, "select_account"}} {
		g := newRig(t, func(g *rig) {
			if tt.prompts != nil {
				g.op.metadata["prompt_values_supported"] = tt.prompts
			}
		})
		sent := g.begin("?other=1&again=1")
		if sent.Get("prompt") != tt.want || sent.Get("max_age") == "0" {
			t.Errorf("%q: %v", tt.prompts, sent)
		}
		if g.back(url.Values{"state": {sent.Get("state")}, "code": {"x"}, "iss": {g.op.URL}}); g.who == nil {
			t.Error(g.shown)
		}
	}
}

func TestWays(t *testing.T) {
	for _, tt := range []struct {
		name, auth, secret string
		methods            []string
		basic              bool
	}{
		{"nothing said", "", secret, nil, true},
		{"both", "", secret, []string{"client_secret_post", "client_secret_basic"}, true},
		{"post alone", "", secret, []string{"client_secret_post"}, false},
		{"basic wanted", "basic", secret, []string{"client_secret_post"}, true},
		{"post wanted", "post", secret, []string{"client_secret_basic"}, false},
		{"public", "", "", []string{"client_secret_basic", "none"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, func(g *rig) {
				g.p.ClientAuth, g.p.ClientSecret = tt.auth, tt.secret
				if tt.methods != nil {
					g.op.metadata["token_endpoint_auth_methods_supported"] = tt.methods
				}
			})
			if g.login(""); g.who == nil {
				t.Fatal(g.shown)
			}
			if got := strings.HasPrefix(g.op.user, "Basic "); got != tt.basic {
				t.Errorf("Basic: %v, want %v", got, tt.basic)
			}
			if got, want := g.op.form.Get("client_secret"), map[bool]string{true: "", false: tt.secret}[tt.basic]; got != want {
				t.Errorf("client_secret = %q, want %q", got, want)
			}
			if !tt.basic && g.op.form.Get("client_id") != "gate" {
				t.Error(g.op.form)
			}
		})
	}
}
