package issuer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

var approved = issuer.Approval{
	Subject: "alice", Scopes: []string{"orders:read"}, Groups: []string{"staff"}, Session: "s_1",
	AuthTime: time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC), ACR: "2", AMR: []string{"pwd", "otp"},
}

// code issues one for a request.
func code(t tester, s *issuer.Issuer, change ...string) string {
	t.Helper()
	a, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish(change...)))
	if err != nil {
		t.Fatal(err)
	}
	return must[string](t)(s.IssueCode(t.Context(), a, approved))
}

func redemption(code, client string) issuer.CodeRedemption {
	return issuer.CodeRedemption{Code: code, Verifier: verifier, RedirectURI: callback, Client: coders()[client]}
}

// kind is what a client is told of an error.
func kind(err error) string {
	var form *issuer.FormError
	if errors.As(err, &form) {
		return form.Code
	}
	return string(codeOf(err))
}

// Everything that is wrong with a code is told as such, and leaves it good for who
// has it rightly.
func TestRedeemCodeRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*issuer.CodeRedemption)
		wait   time.Duration
		want   string // reason, or error code
		burnt  bool
	}{
		{"no verifier", func(r *issuer.CodeRedemption) { r.Verifier = "" }, 0, "invalid_request", false},
		{"short verifier", func(r *issuer.CodeRedemption) { r.Verifier = verifier[:42] }, 0, "invalid_request", false},
		{"verifier with a space", func(r *issuer.CodeRedemption) { r.Verifier = verifier + " " }, 0, "invalid_request", false},
		{"wrong verifier", func(r *issuer.CodeRedemption) { r.Verifier = verifier + "x" }, 0, "code-mismatch", false},
		{"the challenge as verifier", func(r *issuer.CodeRedemption) { r.Verifier = challenge }, 0, "code-mismatch", false},
		{"no address", func(r *issuer.CodeRedemption) { r.RedirectURI = "" }, 0, "invalid_request", false},
		{"another address", func(r *issuer.CodeRedemption) { r.RedirectURI += "/" }, 0, "code-mismatch", false},
		{"another client", func(r *issuer.CodeRedemption) { r.Client.ID = "two" }, 0, "code-unknown", false},
		{"another code", func(r *issuer.CodeRedemption) { r.Code = r.Code[1:] + "A" }, 0, "code-unknown", false},
		{"no code", func(r *issuer.CodeRedemption) { r.Code = "" }, 0, "code-unknown", false},
		{"another resource", func(r *issuer.CodeRedemption) { r.Resources = []string{"https://evil.example/"} }, 0, "invalid_target", false},
		{"a moment before its end", func(*issuer.CodeRedemption) {}, issuer.DefaultCode - time.Millisecond, "", true},
		{"late", func(*issuer.CodeRedemption) {}, issuer.DefaultCode, "code-expired", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			s := coder(t, c, issuer.Policy{})
			r := redemption(code(t, s), "app")
			c.advance(test.wait)
			bad := r
			test.change(&bad)
			g, err := s.RedeemCode(t.Context(), bad)
			if got := kind(err); got != test.want || (g != nil) != (test.want == "") {
				t.Fatalf("got %v, %v, want %q", g, err, test.want)
			}
			if _, err := s.RedeemCode(t.Context(), r); (err != nil) != test.burnt {
				t.Errorf("its rightful owner afterwards: %v", err)
			}
		})
	}
}

func TestRedeemCode(t *testing.T) {
	c := newClock()
	s := coder(t, c, issuer.Policy{})
	var events []store.Event
	s.Record = func(e store.Event) { events = append(events, e) }
	r := redemption(code(t, s, "scope", "openid orders:read orders:write"), "app")
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), r))
	if diff := cmp.Diff([]string{"openid", "orders:read"}, g.Scopes); diff != "" {
		t.Errorf("scopes: not more than the person has (-want +got):\n%s", diff)
	}
	if g.Refresh.Reveal() == "" || g.IDToken == "" || g.Subject != "alice" {
		t.Errorf("grant %+v", g)
	}
	f := must[store.TokenFamily](t)(s.Tokens.TokenFamily(t.Context(), g.Family))
	want := store.TokenFamily{
		ID: g.Family, Subject: "alice", Session: "s_1", Client: "app", Scopes: []string{"openid", "orders:read"}, Groups: []string{"staff"},
		AuthTime: approved.AuthTime, ACR: "2", AMR: []string{"pwd", "otp"}, Created: c.now(), Expires: c.now().Add(issuer.DefaultAbsolute),
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("family (-want +got):\n%s", diff)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, string(e.Kind)+" "+e.Method)
	}
	if diff := cmp.Diff([]string{"issued code", "used code", "issued bearer", "issued refresh"}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	// Renewed, for less.
	next := must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app", Scopes: []string{"orders:read"}}))
	if next.IDToken != "" {
		t.Error("an ID token for scopes without openid")
	}
	next = must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: next.Refresh.Reveal(), Client: "app"}))
	if next.IDToken == "" || len(next.Scopes) != 2 {
		t.Errorf("the login was narrowed for ever: %v", next.Scopes)
	}
	// A code that comes a second time ends all of it.
	if _, err := s.RedeemCode(t.Context(), r); codeOf(err) != reason.CodeReused {
		t.Fatalf("the second use: %v", err)
	}
	for _, text := range []string{g.Access.Token, next.Access.Token} {
		if got := status(t, s, text); got != reason.TokenRevoked {
			t.Errorf("an access token of it is %q", got)
		}
	}
	if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: next.Refresh.Reveal(), Client: "app"}); codeOf(err) != reason.RefreshTokenRevoked {
		t.Errorf("the refresh token of it: %v", err)
	}
}

// Who has a used code but not all that belongs to it cannot end the login.
func TestReuseWithoutProof(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	r := redemption(code(t, s), "app")
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), r))
	thief := r
	thief.Verifier += "x"
	if _, err := s.RedeemCode(t.Context(), thief); codeOf(err) != reason.CodeMismatch {
		t.Fatal(err)
	}
	if got := status(t, s, g.Access.Token); got != "" {
		t.Errorf("the login is %q", got)
	}
}

// A client without the grant refresh_token gets none, and nothing is left of the
// login when its access token is over.
func TestCodeWithoutRefresh(t *testing.T) {
	c := newClock()
	s := coder(t, c, issuer.Policy{})
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(code(t, s, "client_id", "once", "scope", "openid offline_access"), "once")))
	if g.Refresh.Reveal() != "" || g.IDToken == "" {
		t.Errorf("grant %+v", g)
	}
	f := must[store.TokenFamily](t)(s.Tokens.TokenFamily(t.Context(), g.Family))
	if !f.Expires.Equal(g.Access.Expires) {
		t.Errorf("the login ends %s, its token %s", f.Expires, g.Access.Expires)
	}
	if err := s.RevokeFamily(t.Context(), g.Family, "test"); err != nil || status(t, s, g.Access.Token) != reason.TokenRevoked {
		t.Errorf("it cannot be revoked: %v", err)
	}
}

func TestResources(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	both := wish()
	both["resource"] = []string{"https://api.example/a", "https://api.example/b"}
	a := must[*issuer.Authorization](t)(s.Authorize(t.Context(), coders(), issuer.ReadAsk(both)))
	r := redemption(must[string](t)(s.IssueCode(t.Context(), a, approved)), "app")
	r.Resources = []string{"https://api.example/b"}
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), r))
	audience := func(text string) []string {
		t.Helper()
		return several(t, payload(t, text)["aud"])
	}
	if diff := cmp.Diff([]string{"https://api.example/b"}, audience(g.Access.Token)); diff != "" {
		t.Errorf("the first token (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		name string
		ask  []string
		want []string
	}{
		{"all", nil, []string{"https://api.example/a", "https://api.example/b"}},
		{"the other", []string{"https://api.example/a"}, []string{"https://api.example/a"}},
	} {
		next, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app", Resources: test.ask})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, audience(next.Access.Token)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		g = next
	}
	if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app", Resources: []string{"orders"}}); kind(err) != "invalid_target" {
		t.Errorf("a resource that was not approved: %v", err)
	}
}

// What was approved for the gate can be narrowed to a part of it, and is not for
// another API that the gate knows: nobody was asked about that (RFC 8707 section
// 2.2).
func TestResourceBeyondApproval(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	s.Resources = []string{"https://stock.example"}
	for _, test := range []struct{ name, resource, want string }{
		{"a part of the gate", "https://issuer.example/mcp", ""},
		{"the gate", "orders", ""},
		{"another API", "https://stock.example", "invalid_target"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := redemption(code(t, s), "app")
			ask := r
			ask.Resources = []string{test.resource}
			if _, err := s.RedeemCode(t.Context(), ask); kind(err) != test.want {
				t.Fatalf("with the code: %v", err)
			}
			if test.want == "" {
				r = redemption(code(t, s), "app")
			}
			g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), r))
			_, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app", Resources: ask.Resources})
			if kind(err) != test.want {
				t.Errorf("with a refresh: %v", err)
			}
		})
	}
}

// Of any number of calls at once exactly one gets tokens, and the others end them.
func TestCodeAtOnce(t *testing.T) {
	c := newClock()
	for name, set := range sets(t, c.now) {
		t.Run(name, func(t *testing.T) {
			s := newIssuer(t, set, c.now, issuer.Policy{})
			s.Tickets = set.Tickets
			r := redemption(code(t, s), "app")
			const calls = 8
			grants, refused := make([]*issuer.Grant, calls), make([]error, calls)
			var all sync.WaitGroup
			for i := range calls {
				all.Go(func() { grants[i], refused[i] = s.RedeemCode(t.Context(), r) })
			}
			all.Wait()
			got := 0
			for i := range calls {
				if grants[i] != nil {
					got++
					if code := status(t, s, grants[i].Access.Token); code != reason.TokenRevoked {
						t.Errorf("its token is %q", code)
					}
				} else if codeOf(refused[i]) != reason.CodeReused {
					t.Errorf("refused as %v", refused[i])
				}
			}
			if got != 1 {
				t.Errorf("%d got tokens", got)
			}
		})
	}
}

// sessions are those of people who are logged in.
type sessions map[string]store.Session

func (s sessions) Session(_ context.Context, id string) (store.Session, error) {
	if id == "away" {
		return store.Session{}, errAway
	}
	if found, ok := s[id]; ok {
		return found, nil
	}
	return store.Session{}, store.ErrNotFound
}

// A code does not outlive the session that it was approved in, nor the account.
func TestCodeAfterTheEnd(t *testing.T) {
	c := newClock()
	for _, test := range []struct {
		name     string
		end      func(sessions, store.Accounts)
		approved string
		want     reason.Code
	}{
		{"nothing", func(sessions, store.Accounts) {}, "s_1", ""},
		{"session revoked", func(s sessions, _ store.Accounts) { s["s_1"] = store.Session{ID: "s_1", Revoked: c.now()} }, "s_1", reason.CodeExpired},
		{"session gone", func(s sessions, _ store.Accounts) { delete(s, "s_1") }, "s_1", reason.CodeExpired},
		{"store away", func(sessions, store.Accounts) {}, "away", reason.CheckFailed},
		{"account suspended", func(_ sessions, a store.Accounts) {
			alice, _ := a.Account(t.Context(), "alice")
			alice.Suspended = true
			_, _ = a.UpdateAccount(t.Context(), alice)
		}, "s_1", reason.CodeExpired},
		{"account deleted", func(_ sessions, a store.Accounts) { _ = a.DeleteAccount(t.Context(), "alice") }, "s_1", reason.CodeUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := memory.Open(memory.Options{Now: c.now})
			s := newIssuer(t, set, c.now, issuer.Policy{})
			live := sessions{"s_1": {ID: "s_1"}}
			s.Tickets, s.Accounts, s.Sessions = set.Tickets, set.Accounts, live
			must[store.Account](t)(set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice"}))
			a := must[*issuer.Authorization](t)(s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish())))
			who := approved
			who.Session = test.approved
			text := must[string](t)(s.IssueCode(t.Context(), a, who))
			test.end(live, set.Accounts)
			if _, err := s.RedeemCode(t.Context(), redemption(text, "app")); codeOf(err) != test.want {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A store that fails costs neither the code nor the answer's truth.
func TestCodeStoreAway(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	text := code(t, s)
	whole := s.Tickets
	for _, at := range []string{"read", "use"} {
		s.Tickets = &awayTickets{Tickets: whole, at: at}
		if _, err := s.RedeemCode(t.Context(), redemption(text, "app")); !errors.Is(err, errAway) {
			t.Errorf("%s: %v", at, err)
		}
	}
	s.Tickets = whole
	signer := s.Signer
	s.Signer = func(context.Context) (issuer.Signer, error) { return nil, errAway }
	if _, err := s.RedeemCode(t.Context(), redemption(text, "app")); !errors.Is(err, errAway) {
		t.Errorf("signing: %v", err)
	}
	s.Signer = signer
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(text, "app")))
	// That the login could not be ended is no refusal: the same request must come
	// again.
	s.Tokens = &away{Tokens: s.Tokens, revoke: true}
	if _, err := s.RedeemCode(t.Context(), redemption(text, "app")); !errors.Is(err, errAway) {
		t.Errorf("revoking: %v", err)
	}
	if got := status(t, s, g.Access.Token); got != "" {
		t.Errorf("the token is %q", got)
	}
}

type awayTickets struct {
	store.Tickets
	at string
}

func (a *awayTickets) Ticket(ctx context.Context, kind store.TicketKind, hash [32]byte) (store.Ticket, error) {
	if a.at == "read" {
		return store.Ticket{}, errAway
	}
	return a.Tickets.Ticket(ctx, kind, hash)
}

func (a *awayTickets) UseTicket(ctx context.Context, kind store.TicketKind, hash [32]byte, at time.Time, f *store.TokenFamily, first *store.RefreshToken) error {
	if a.at == "use" {
		return errAway
	}
	return a.Tickets.UseTicket(ctx, kind, hash, at, f, first)
}

// ending ends a session at the very moment in which a code is used up.
type ending struct {
	store.Tickets
	end func()
}

func (e *ending) UseTicket(ctx context.Context, kind store.TicketKind, hash [32]byte, at time.Time, f *store.TokenFamily, first *store.RefreshToken) error {
	e.end()
	return e.Tickets.UseTicket(ctx, kind, hash, at, f, first)
}

// Who logs out everywhere while a code is exchanged leaves no login behind.
func TestCodeAtTheEnd(t *testing.T) {
	c := newClock()
	s := coder(t, c, issuer.Policy{})
	live := sessions{"s_1": {ID: "s_1"}}
	s.Sessions = live
	text := code(t, s)
	s.Tickets = &ending{s.Tickets, func() { live["s_1"] = store.Session{ID: "s_1", Revoked: c.now()} }}
	if g, err := s.RedeemCode(t.Context(), redemption(text, "app")); codeOf(err) != reason.CodeExpired || g != nil {
		t.Fatalf("got %v, %v", g, err)
	}
	all := must[[]store.TokenFamily](t)(s.Tokens.ListTokenFamilies(t.Context(), "alice", "", 0))
	if len(all) != 1 || all[0].Revoked.IsZero() || all[0].Cause != issuer.CauseEnded {
		t.Errorf("left behind: %+v", all)
	}
}
