package openid_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/openid"
)

// Who somebody is, by what the provider says.
func TestWho(t *testing.T) {
	type person struct {
		Subject, Display string
		Groups           []string
		Asked            bool // the userinfo endpoint
	}
	for _, tt := range []struct {
		name   string
		change func(g *rig)
		want   person
	}{
		{"a name", func(*rig) {}, person{Subject: "1234", Display: "Alice"}},
		{"no name, so userinfo is asked", func(g *rig) {
			g.op.claims["name"], g.op.more = nil, map[string]any{"preferred_username": "alice", "groups": []string{"a"}}
		}, person{Subject: "1234", Display: "alice", Groups: []string{"a"}, Asked: true}},
		{"no name, and userinfo is not asked", func(g *rig) { g.op.claims["name"], g.p.UserInfo = nil, "never" }, person{Subject: "1234"}},
		{"no such endpoint", func(g *rig) { g.op.claims["name"], g.op.metadata["userinfo_endpoint"] = nil, nil }, person{Subject: "1234"}},
		{"always asked", func(g *rig) { g.p.UserInfo, g.op.more = openid.UserInfoAlways, map[string]any{"name": "Eve"} },
			person{Subject: "1234", Display: "Alice", Asked: true}},
		{"groups that are named and missing", func(g *rig) {
			g.p.GroupsFrom, g.op.more = []string{"memberOf"}, map[string]any{"memberOf": []string{"b"}, "groups": []string{"c"}}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"b"}, Asked: true}},
		{"userinfo does not outrank the ID token", func(g *rig) {
			g.p.UserInfo, g.op.claims["groups"] = openid.UserInfoAlways, []string{"staff"}
			g.op.more = map[string]any{"groups": []string{"admin"}}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"staff"}, Asked: true}},
		{"groups and roles, each once", func(g *rig) {
			g.op.claims["groups"], g.op.claims["roles"] = []any{"a", "b", 7, ""}, []string{"b", "c"}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"a", "b", "c"}}},
		{"a role that is a text", func(g *rig) { g.op.claims["roles"] = "two words" }, person{Subject: "1234", Display: "Alice", Groups: []string{"two words"}}},
		{"our names, and nothing else", func(g *rig) {
			g.p.Groups, g.op.claims["groups"] = map[string]string{"Theirs": "ours", "Too": "ours"}, []string{"Theirs", "Too", "admin"}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"ours"}}},
		{"a URL as the name of a claim", func(g *rig) {
			g.p.GroupsFrom, g.op.claims["https://example.com/roles"] = []string{"https://example.com/roles"}, []string{"r"}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"r"}}},
		{"by another claim", func(g *rig) { g.p.Subject, g.op.claims["oid"] = "oid", "abc" }, person{Subject: "abc", Display: "Alice"}},
		{"by a verified address", func(g *rig) {
			g.p.Subject, g.op.claims["email"], g.op.claims["email_verified"] = "email", "a@example.com", true
		}, person{Subject: "a@example.com", Display: "Alice"}},
		{"by an address that is trusted", func(g *rig) {
			g.p.Subject, g.p.TrustEmail, g.op.claims["email"] = "email", true, "a@example.com"
		}, person{Subject: "a@example.com", Display: "Alice"}},
		{"verified in words", func(g *rig) {
			g.p.OnlyEmails, g.op.claims["email"], g.op.claims["email_verified"] = []string{"*@Example.com"}, "A@example.COM", "true"
		}, person{Subject: "1234", Display: "Alice"}},
		{"one address alone", func(g *rig) {
			g.p.OnlyEmails, g.op.claims["email"], g.op.claims["email_verified"] = []string{"b@x.example", "a@example.com"}, "a@example.com", true
		}, person{Subject: "1234", Display: "Alice"}},
		{"a group that may", func(g *rig) {
			g.p.OnlyGroups, g.p.OnlyEmails, g.op.claims["groups"] = []string{"x", "staff"}, []string{"*@nowhere.example"}, []string{"staff"}
		}, person{Subject: "1234", Display: "Alice", Groups: []string{"staff"}, Asked: true}},
		{"a name that turns the text around", func(g *rig) { g.op.claims["name"] = "Al\u202eice\x1b[31m\n" }, person{Subject: "1234", Display: "Alice[31m"}},
		{"a name that is no text", func(g *rig) { g.op.claims["name"], g.op.claims["email"] = 7, "a@example.com" }, person{Subject: "1234", Display: "a@example.com"}},
		{"azp of ours", func(g *rig) { g.op.claims["aud"], g.op.claims["azp"] = []string{"gate", "other"}, "gate" }, person{Subject: "1234", Display: "Alice"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, tt.change)
			g.login("")
			if g.who == nil {
				t.Fatal(g.shown.Denial)
			}
			got := person{Subject: g.who.Subject, Display: g.who.Display, Groups: g.who.Groups}
			for _, path := range g.op.asked {
				got.Asked = got.Asked || path == "/me"
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if g.who.Issuer != g.op.URL || g.who.Provider != "work" || g.who.PasswordChanged.Unix() > 0 {
				t.Errorf("%+v", g.who)
			}
		})
	}
}
