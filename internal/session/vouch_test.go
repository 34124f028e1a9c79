package session_test

import (
	"errors"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
)

// A session is as good as the provider that vouched for its person: with one that
// is none of the gate's any more it opens nothing, and opens again when that one is
// named again, until it is over.
func TestProviderRemoved(t *testing.T) {
	const idp = "https://idp.example"
	h := newHouse(t)
	_, c, err := h.Begin(t.Context(), session.Proved{Subject: "alice", Issuer: idp, Provider: "work"}, h.request())
	no(t, err)
	_, own := h.login(t, h.request())
	for _, tt := range []struct {
		name    string
		vouches func(string) bool
		want    reason.Code
	}{
		{"nobody says", nil, ""},
		{"named", func(issuer string) bool { return issuer == idp }, ""},
		{"another one", func(issuer string) bool { return issuer == idp+"/" }, reason.SessionRevoked},
		{"none", func(string) bool { return false }, reason.SessionRevoked},
	} {
		m := &session.Manager{Store: h.set.Sessions, Accounts: h.set.Accounts, Changes: h.set.Revision, Vouches: tt.vouches, Now: h.Now}
		for who, value := range map[string]string{"theirs": c.Value, "ours": own} {
			want := tt.want
			if who == "ours" {
				want = ""
			}
			for range 2 {
				var d *gate401.Denial
				var got reason.Code
				_, err := m.Verify(t.Context(), h.with(value), value)
				if errors.As(err, &d) {
					got = d.Reason
				}
				if got != want || err != nil && d == nil {
					t.Errorf("%s, %s: %v, want %q", tt.name, who, err, want)
				}
			}
		}
		no(t, m.Close())
	}
}
