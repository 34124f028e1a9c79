package issuer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// What is revoked is revoked once, however often it is sent: no write, no event,
// nothing that every gate has to read again.
func TestRevokedAlready(t *testing.T) {
	s := newServer(t)
	g := must[*issuer.Grant](t)(s.issuer.Login(t.Context(), alice))
	next := must[*issuer.Grant](t)(s.issuer.Login(t.Context(), alice))
	events := 0
	s.issuer.Record = func(store.Event) { events++ }
	before := s.set.Revision()
	for range 5 {
		for _, text := range []string{g.Access.Token, g.Refresh.Reveal(), next.Access.Token} {
			if err := s.issuer.RevokeToken(t.Context(), text, "app"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.issuer.RevokeFamily(t.Context(), g.Family, "again"); err != nil {
			t.Fatal(err)
		}
	}
	if moved := s.set.Revision() - before; moved != 3 || events != 3 {
		t.Errorf("the revision moved %d times, and %d events were told, want 3", moved, events)
	}
	for _, text := range []string{g.Access.Token, next.Access.Token} {
		if got := status(t, s.issuer, text); got != reason.TokenRevoked {
			t.Errorf("a token is %q", got)
		}
	}
	if got := must[store.TokenFamily](t)(s.set.Tokens.TokenFamily(t.Context(), g.Family)); got.Cause != issuer.CauseClient {
		t.Errorf("family %+v", got)
	}
}

// Each step in the life of a login is told, and none of it holds a token.
func TestRecord(t *testing.T) {
	s := newServer(t)
	type step struct{ Kind, Method, Client, Subject, Reason, Detail string }
	var steps []step
	families := map[string]bool{}
	s.issuer.Record = func(e store.Event) {
		if len(e.Object) == 0 || len(e.Object) > 26 || e.Count != 1 || !e.Time.Equal(s.now()) {
			t.Errorf("event %+v", e)
		}
		families[e.Family] = true
		steps = append(steps, step{string(e.Kind), e.Method, e.Client, e.Subject, e.Reason, e.Detail})
	}
	s.issuer.Accounts = nil
	first := must[*issuer.Grant](t)(s.issuer.Login(t.Context(), alice))
	second := must[*issuer.Grant](t)(s.issuer.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"}))
	if err := s.issuer.RevokeToken(t.Context(), second.Access.Token, "app"); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Minute)
	if _, err := s.issuer.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"}); codeOf(err) != reason.RefreshTokenReused {
		t.Fatal(err)
	}
	other := must[*issuer.Grant](t)(s.issuer.Login(t.Context(), alice))
	if err := s.issuer.RevokeToken(t.Context(), other.Refresh.Reveal(), "app"); err != nil {
		t.Fatal(err)
	}
	by := func(kind, method, reason, detail string) step {
		return step{kind, method, "app", "alice", reason, detail}
	}
	want := []step{
		by("issued", "bearer", "", ""), by("issued", "refresh", "", ""),
		by("renewed", "refresh", "", ""), by("issued", "bearer", "", ""), by("issued", "refresh", "", ""),
		by("revoked", "bearer", "", issuer.CauseClient),
		by("refused", "refresh", "refresh-token-reused", ""),
		by("issued", "bearer", "", ""), by("issued", "refresh", "", ""), by("revoked", "refresh", "", issuer.CauseClient),
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
	if len(families) != 2 || families[""] {
		t.Errorf("families %v", families)
	}
}
