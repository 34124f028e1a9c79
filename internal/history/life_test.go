package history_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
)

// shop is a store with one login of alice by the client app, in the session s-1,
// and what happened to it.
func shop(t *testing.T) (set *store.Set, refresh token.RefreshToken) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	set = memory.Open(memory.Options{Now: func() time.Time { return now }})
	t.Cleanup(func() { _ = set.Close() })
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := set.Accounts.CreateAccount(ctx, store.Account{Name: "alice"})
	must(err)
	_, err = set.Sessions.CreateSession(ctx, store.Session{ID: "s-1", Hash: [32]byte{1}, Subject: "alice", AuthTime: now, Expires: now.Add(time.Hour)}, "")
	must(err)
	refresh, err = token.NewRefreshToken(nil, "live")
	must(err)
	_, err = set.Tokens.CreateTokenFamily(ctx, store.TokenFamily{ID: "f-1", Subject: "alice", Client: "app", Session: "s-1", AuthTime: now},
		store.RefreshToken{Hash: refresh.Hash(), Family: "f-1"})
	must(err)
	step := func(after time.Duration, kind store.EventKind, method, object string) store.Event {
		return store.Event{Time: now.Add(after), Kind: kind, Method: method, Object: object, Family: "f-1", Session: "s-1", Client: "app", Subject: "alice", Count: 1}
	}
	must(set.Events.AppendEvents(ctx, []store.Event{
		step(0, store.EventIssued, "bearer", "jti-1"),
		step(time.Minute, store.EventUsed, "bearer", "jti-1"),
		step(3*time.Minute, store.EventRevoked, "bearer", "jti-1"),
		step(2*time.Minute, store.EventRenewed, "bearer", "jti-2"),
		{Time: now, Kind: store.EventIssued, Method: "bearer", Object: "other", Family: "f-2", Count: 1},
		{Time: now, Kind: store.EventIssued, Method: "bearer", Object: "alone", Client: "robot", Subject: "robot", Count: 1},
	}))
	must(set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "jti-1", At: now.Add(3 * time.Minute), Until: now.Add(time.Hour), Cause: "lost"}))
	return set, refresh
}

func TestTrace(t *testing.T) {
	set, refresh := shop(t)
	family := []string{"issued jti-1", "issued s-1", "used jti-1", "renewed jti-2", "revoked jti-1"}
	for _, test := range []struct {
		name, in string
		kind     history.Kind
		revoked  bool
		want     []string
	}{
		{"an access token with its login", "jti-1", history.KindToken, true, family},
		{"another one of the same login", "jti-2", history.KindToken, false, family},
		{"a login", "f-1", history.KindFamily, false, family},
		{"a refresh token", refresh.Reveal(), history.KindRefresh, false, family},
		{"a session", "s-1", history.KindSession, false, family},
		{"a token without a login", "alone", history.KindToken, false, []string{"issued alone"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ref, err := history.Read(test.in)
			if err != nil {
				t.Fatal(err)
			}
			l, err := history.Trace(t.Context(), set, ref)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range l.Events {
				got = append(got, string(e.Kind)+" "+e.Object)
			}
			slices.SortStableFunc(got[:min(2, len(got))], strings.Compare) // both at the same moment
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if l.Kind != test.kind || (l.Revoked != nil) != test.revoked {
				t.Errorf("kind %s, revoked %v", l.Kind, l.Revoked)
			}
		})
	}
}

// What nobody wrote down the records tell.
func TestTraceByRecordsAlone(t *testing.T) {
	set := memory.Open(memory.Options{})
	t.Cleanup(func() { _ = set.Close() })
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	made, err := set.APIKeys.CreateAPIKey(t.Context(), store.APIKey{ID: "k-1", Hash: key.Hash(), Environment: "live"})
	if err != nil {
		t.Fatal(err)
	}
	made.Revoked = time.Now()
	if _, err := set.APIKeys.UpdateAPIKey(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	ref, err := history.Read(key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	l, err := history.Trace(t.Context(), set, ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Events) != 2 || l.Events[0].Kind != store.EventIssued || l.Events[1].Kind != store.EventRevoked || l.ID != "k-1" {
		t.Errorf("%+v", l)
	}
}

func TestTraceOfNothing(t *testing.T) {
	set, _ := shop(t)
	for _, in := range []string{"nothing", "g401r_live_" + strings.Repeat("0", 43) + "000000"} {
		ref, err := history.Read(in)
		if err != nil {
			continue // its checksum is wrong
		}
		if _, err := history.Trace(t.Context(), set, ref); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// A secret never gets out of what was read, nor into an error.
func TestReadKeepsNoSecret(t *testing.T) {
	refresh, err := token.NewRefreshToken(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := key.Issue(token.Grant{Issuer: "https://gate.example", Subject: "alice", Audience: []string{"orders"}, ID: "jti-1", Extra: map[string]any{"sid": "f-1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, in, want string
		kind           history.Kind
	}{
		{"an access token", issued.Token, "jti-1", history.KindToken},
		{"as it was copied", "Bearer " + issued.Token + "\n", "jti-1", history.KindToken},
		{"an identifier", " jti-1 ", "jti-1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ref, err := history.Read(test.in)
			if err != nil || ref.ID != test.want || ref.Kind != test.kind {
				t.Errorf("%+v, %v", ref, err)
			}
			if ref.Kind == history.KindToken && ref.Family != "f-1" {
				t.Errorf("login %q", ref.Family)
			}
		})
	}
	if ref, err := history.Read(refresh.Reveal()); err != nil || strings.Contains(refresh.Reveal(), ref.ID) {
		t.Errorf("%+v, %v", ref, err)
	}
	for _, in := range []string{"", "  ", refresh.Reveal()[:30], "g401_live_x", strings.Repeat("x", 2000), strings.Repeat("a", 40) + ".bbb." + strings.Repeat("c", 40)} {
		if ref, err := history.Read(in); err == nil {
			t.Errorf("%q is read as %+v", in, ref)
		} else if len(in) > 20 && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"jti", "Bearer a.b.c", "g401_live_x", "g401s_x", "eyJ.eyJ.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if ref, err := history.Read(in); err != nil && ref != (history.Ref{}) {
			t.Errorf("%+v with %v", ref, err)
		}
	})
}

// That everything was withdrawn tells nothing of what nobody knows.
func TestTraceOfNothingAfterAllWasRevoked(t *testing.T) {
	set, _ := shop(t)
	now := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	if err := set.Tokens.Revoke(t.Context(), store.Revocation{Kind: store.RevokedAll, ID: store.Everything, At: now, Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		in   string
		want error
	}{{"nothing", store.ErrNotFound}, {"alone", nil}} {
		l, err := history.Trace(t.Context(), set, history.Ref{ID: test.in})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.in, err, test.want)
		}
		if err == nil && (l.Revoked == nil || l.Revoked.Kind != store.RevokedAll) {
			t.Errorf("%s: revoked by %v", test.in, l.Revoked)
		}
	}
}
