package authn_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// both runs a test with what is remembered ready to use, and not.
func both(t *testing.T, name string, f func(t *testing.T, ready bool)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { f(t, true) })
	t.Run(name+", not ready", func(t *testing.T) { f(t, false) })
}

// odd is a reader of one record that none of our own stores would have.
type odd struct{ key store.APIKey }

func (o odd) APIKeyByHash(_ context.Context, hash [32]byte) (store.APIKey, error) {
	o.key.Hash = hash
	return o.key, nil
}
func (o odd) APIKey(context.Context, string) (store.APIKey, error) { return o.key, nil }
func (o odd) ListAPIKeys(context.Context, string, string, int) ([]store.APIKey, error) {
	return nil, nil
}

// What is made ready anew is what it was.
func TestKeysRememberedIdentity(t *testing.T) {
	key := newStore().key(t, "x", "live", nil)
	for _, test := range []struct {
		name string
		key  store.APIKey
	}{
		{"of nobody", store.APIKey{ID: "k-1"}},
		{"with everything", store.APIKey{ID: "k-1", Owner: "alice", Groups: []string{"a", "b"}, Scopes: []string{"c d", ""}, Expires: noon.Add(time.Hour)}},
		{"longest that fits", store.APIKey{ID: strings.Repeat("i", 39), Owner: "alice"}},
		{"too long", store.APIKey{ID: strings.Repeat("i", 40), Owner: "alice", Expires: noon.Add(time.Hour)}},
		{"very long", store.APIKey{ID: strings.Repeat("i", 1024)}},
		{"a date with nanoseconds", store.APIKey{ID: "k-1", Expires: noon.Add(time.Hour + time.Nanosecond)}},
		{"a date beyond nanoseconds", store.APIKey{ID: "k-1", Expires: noon.AddDate(5000, 0, 0)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.key.Environment = "live"
			keys := &authn.Keys{Name: "key", Store: odd{test.key}, Accounts: &endless{}, Changes: func() uint64 { return 1 }}
			g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
			first := g.Decide(t.Context(), request("/", "X-API-Key", key))
			wantReason(t, first, "")
			keys.Unready()
			again := g.Decide(t.Context(), request("/", "X-API-Key", key))
			wantReason(t, again, "")
			if first.Identity == again.Identity {
				t.Fatal("it was still ready")
			}
			if diff := cmp.Diff(first.Identity, again.Identity); diff != "" {
				t.Error(diff)
			}
			if e := test.key.Expires; !e.IsZero() && e.Before(noon.Add(2*time.Hour)) {
				r := request("/", "X-API-Key", key)
				r.Time = e
				wantReason(t, g.Decide(t.Context(), r), reason.APIKeyExpired)
			}
		})
	}
}

// Two keys with the same lists in other places are not the same.
func TestKeysDoNotMixRights(t *testing.T) {
	f := newStore()
	f.person(t, "alice", "", nil)
	keys := newKeys(t, f)
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
	type rights struct {
		Owner          string
		Groups, Scopes []string
	}
	texts, want := make(map[string]rights), make(map[string]rights)
	for i, r := range []rights{
		{}, {Owner: "alice"}, {"alice", []string{"a"}, nil}, {"alice", nil, []string{"a"}}, {"", []string{"a"}, nil},
		{"", []string{"a b"}, nil}, {"", []string{"a", "b"}, nil}, {"", []string{"a"}, []string{"b"}}, {"", []string{"1:a"}, nil},
		{"", []string{"a 1:b"}, nil}, {"", []string{"a", "b;"}, nil}, {"", []string{"a;", "b"}, nil},
	} {
		text := f.key(t, strconv.Itoa(i), "live", func(k *store.APIKey) { k.Owner, k.Groups, k.Scopes = r.Owner, r.Groups, r.Scopes })
		if r.Owner == "" {
			r.Owner = "api-key:" + strconv.Itoa(i)
		}
		texts[text], want[text] = r, r
	}
	for range 2 {
		for text := range texts {
			d := g.Decide(t.Context(), request("/", "X-API-Key", text))
			wantReason(t, d, "")
			if diff := cmp.Diff(want[text], rights{d.Identity.Subject, d.Identity.Groups, d.Identity.Scopes}); diff != "" {
				t.Error(diff)
			}
		}
		keys.Unready()
	}
}

// However many keys are asked for at a time: who is revoked is out at once.
func TestKeysRememberedAreRevoked(t *testing.T) {
	f := newStore()
	keys := newKeys(t, f)
	keys.Entries = 64 // some are pushed out
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
	texts := make([]string, 96)
	for i := range texts {
		texts[i] = f.key(t, strconv.Itoa(i), "live", nil)
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	for w := range 2 {
		others.Go(func() {
			for i := w; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if i%50 == 0 {
					keys.Unready()
				}
				// The first third is revoked in the meantime.
				g.Decide(t.Context(), request("/", "X-API-Key", texts[i%len(texts)]))
				wantReason(t, g.Decide(t.Context(), request("/", "X-API-Key", texts[32+i%64])), "")
			}
		})
	}
	for i, text := range texts[:32] {
		wantReason(t, g.Decide(t.Context(), request("/", "X-API-Key", text)), "")
		f.editKey(t, strconv.Itoa(i), func(k *store.APIKey) { k.Revoked = noon })
		for range 3 {
			wantReason(t, g.Decide(t.Context(), request("/", "X-API-Key", text)), reason.APIKeyRevoked)
		}
	}
	close(stop)
	others.Wait()
}

// Uses are told of keys that were not ready, too.
func TestKeysRememberedUse(t *testing.T) {
	f, u := newStore(), &useRecorder{used: make(map[string]time.Time)}
	one := f.key(t, "one", "live", nil)
	keys := newKeys(t, f)
	keys.Used = u
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
	for i := range 3 {
		r := request("/", "X-API-Key", one)
		r.Time = noon.Add(time.Duration(i) * time.Second)
		wantReason(t, g.Decide(t.Context(), r), "")
		keys.Unready()
	}
	if err := keys.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := u.used["one"], noon.Add(2*time.Second); !got.Equal(want) {
		t.Errorf("used at %s, want %s", got, want)
	}
}

// The identity of a token that is read again is what it was, claims included.
func TestBearerRememberedIdentity(t *testing.T) {
	idp := newIssuer(t, partner, "EdDSA")
	for _, own := range []bool{false, true} {
		v := idp.verifier(t, nil)
		v.Own = own
		method := &authn.Bearer{Tokens: []authn.TokenVerifier{v}}
		g := gate(nil, method)
		r := bench("Authorization", "Bearer "+idp.token(t, benchClaims()))
		first := g.Decide(t.Context(), r)
		wantReason(t, first, "")
		method.Unready()
		idp.asks.Store(0)
		again := g.Decide(t.Context(), r)
		wantReason(t, again, "")
		if first.Identity == again.Identity || idp.asks.Load() != 0 {
			t.Errorf("ready: %t, %d verifications", first.Identity == again.Identity, idp.asks.Load())
		}
		if diff := cmp.Diff(first.Identity, again.Identity); diff != "" {
			t.Error(diff)
		}
		if len(again.Identity.Claims) < 10 {
			t.Errorf("claims are %v", again.Identity.Claims)
		}
		if third := g.Decide(t.Context(), r); third.Identity != again.Identity {
			t.Error("it was not kept ready")
		}
	}
}
