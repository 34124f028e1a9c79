package gate401_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// held is a method whose every credential has the identity id.
func held(id gate401.Identity) *gate401.Func {
	return gate401.NewFunc("bearer", "Bearer", "orders", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
		return &id, nil
	}).DangerouslyUncounted()
}

// The operator reads what came beside what is wanted.
func TestLacking(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("team-%02d-%s", i, strings.Repeat("x", 60))
	}
	for _, c := range []struct {
		name string
		q    gate401.Requirement
		id   gate401.Identity
		want reason.Code
		says string
	}{
		{"groups", gate401.Requirement{Groups: []string{"admins", "staff"}}, gate401.Identity{Groups: []string{"customers"}}, reason.GroupMissing,
			`the rule wants one of the groups "admins", "staff", and the token has "customers"`},
		{"no groups", gate401.Requirement{Groups: []string{"admins"}}, gate401.Identity{}, reason.GroupMissing,
			`the rule wants one of the groups "admins", and the token has none`},
		{"scopes", gate401.Requirement{Scopes: []string{"orders:read", "orders:write"}}, gate401.Identity{Scopes: []string{"orders:read"}}, reason.ScopeInsufficient,
			`the rule wants the scopes "orders:read", "orders:write", and the token has "orders:read"`},
		{"accounts of this gate", gate401.Requirement{Owned: true, Owner: "alice"}, gate401.Identity{Subject: "bob"}, reason.NotOwner,
			`the path belongs to the account "alice" of this gate, and this is the account "bob" of this gate`},
		{"two issuers", gate401.Requirement{Owned: true, Owner: "alice"}, gate401.Identity{Subject: "alice", Issuer: "https://idp.example"}, reason.NotOwner,
			`the path belongs to the account "alice" of this gate, and this is "alice" of the issuer "https://idp.example"`},
		{"nobody's", gate401.Requirement{Owned: true}, gate401.Identity{Subject: "bob"}, reason.NotOwner,
			`the path belongs to nobody, and this is the account "bob" of this gate`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := lacks(t, c.q, c.id)
			if d.Reason != c.want || d.Err.Error() != c.says {
				t.Errorf("%s: %v\nwant %s: %s", d.Reason, d.Err, c.want, c.says)
			}
		})
	}
	d := lacks(t, gate401.Requirement{Groups: many}, gate401.Identity{Groups: many})
	if d != nil {
		t.Fatal("in a group, and refused")
	}
	d = lacks(t, gate401.Requirement{Groups: many[:20]}, gate401.Identity{Groups: many[20:]})
	if n := len(d.Err.Error()); n > 300 || !strings.HasSuffix(d.Err.Error(), " more") {
		t.Errorf("%d octets: %v", n, d.Err)
	}
}

func lacks(t *testing.T, q gate401.Requirement, id gate401.Identity) *gate401.Denial {
	if id.Subject == "" {
		id.Subject = "bob"
	}
	id.Method = "bearer"
	q.Rule, q.Accept = "r", []gate401.Authenticator{held(id)}
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
	d := g.Decide(t.Context(), request(t, auth("Bearer x")))
	return d.Denial
}
