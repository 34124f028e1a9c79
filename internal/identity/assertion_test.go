package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
)

// notary signs by writing down.
type notary struct {
	id   string
	mu   sync.Mutex
	made []map[string]any
	away bool
}

func (n *notary) ID() string { return n.id }

func (n *notary) Sign(claims any, typ string) (string, error) {
	if n.away {
		return "", errors.New("no ink")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		return "", err
	}
	c["typ"] = typ
	n.made = append(n.made, c)
	return fmt.Sprintf("%s-%d", n.id, len(n.made)), nil
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type desk struct {
	*identity.Assertion
	t     *testing.T
	key   *notary
	now   time.Time
	epoch uint64
	err   error
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, key: &notary{id: "k1"}, now: noon}
	d.Assertion = &identity.Assertion{
		Issuer: "https://gate.example", Audience: "orders-api",
		Subject: func(issuer, subject string) string { return issuer + "#" + subject },
		Signer:  func(context.Context) (identity.Signer, error) { return d.key, d.err },
		Epoch:   func() uint64 { return d.epoch },
		Now:     func() time.Time { return d.now },
		Rand:    strings.NewReader(strings.Repeat("0123456789abcdef", 1000)),
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) value(id *gate401.Identity) string {
	d.t.Helper()
	v, err := d.Value(d.t.Context(), &gate401.Decision{Allow: true, Identity: id})
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func TestClaims(t *testing.T) {
	t.Parallel()
	const iat, jti = float64(1795262400), "30313233343536373839616263646566"
	for _, x := range []struct {
		name   string
		id     gate401.Identity
		claims []identity.Claim
		want   map[string]any
	}{
		{"a password", gate401.Identity{Subject: "alice", Method: "basic", Groups: []string{"a,b", "c"}, Scopes: []string{"r", "w"}}, nil,
			map[string]any{"sub": "alice", "method": "basic", "amr": []any{"pwd"}, "groups": []any{"a,b", "c"}, "scope": "r w"}},
		{"a token of another issuer", gate401.Identity{Subject: "alice", Method: "bearer", Issuer: "https://idp.example", AuthTime: noon.Add(-time.Hour),
			Claims: map[string]any{"client_id": "shop", "amr": []any{"otp", 7}, "acr": "high", "admin": true}}, nil,
			map[string]any{"sub": "https://idp.example#alice", "method": "bearer", "amr": []any{"otp"}, "acr": "high", "client_id": "shop", "auth_time": iat - 3600,
				"sub_id": map[string]any{"format": "iss_sub", "iss": "https://idp.example", "sub": "alice"}}},
		{"what was chosen alone", gate401.Identity{Subject: "alice", Method: "basic", Groups: []string{"c"}, Scopes: []string{"r"}}, []identity.Claim{identity.ClaimGroups},
			map[string]any{"sub": "alice", "groups": []any{"c"}}},
		{"what cannot be told", gate401.Identity{Subject: "alice", Method: "session", Groups: []string{"a", "b\xff", "c d"},
			Scopes: []string{"", "r", "w admin", "w\tadmin", "w\u00a0admin", "w\u2028admin", "w\ufeffadmin", "w\xff", "lire:é"},
			Claims: map[string]any{"client_id": "shop\xff", "acr": "h\xfe", "amr": []string{"pwd", "o\xff"}}}, nil,
			map[string]any{"sub": "alice", "method": "session", "groups": []any{"a", "c d"}, "scope": "r lire:é", "amr": []any{"pwd"}}},
		{"nothing that can be told", gate401.Identity{Subject: "alice", Groups: []string{"\xff"}, Scopes: []string{"orders:read admin"}}, nil, map[string]any{"sub": "alice"}},
		{"a credential that is nearly over", gate401.Identity{Subject: "alice", Expires: noon.Add(20 * time.Second)}, nil, map[string]any{"sub": "alice", "exp": iat + 20}},
		{"one that is over, but for the leeway", gate401.Identity{Subject: "alice", Expires: noon.Add(-time.Second)}, nil, map[string]any{"sub": "alice", "exp": iat + 5}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.Claims = x.claims
			d.value(&x.id)
			for name, value := range map[string]any{
				"iss": "https://gate.example", "aud": "orders-api", "iat": iat, "exp": iat + 60, "jti": jti, "typ": "gate401-identity+jwt",
			} {
				if x.want[name] == nil {
					x.want[name] = value
				}
			}
			if diff := cmp.Diff(x.want, d.key.made[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What makes the gate sign again for somebody, and what does not.
func TestUsedAgain(t *testing.T) {
	t.Parallel()
	alice := func() *gate401.Identity {
		return &gate401.Identity{Subject: "alice", Method: "bearer", Groups: []string{"a", "b"}, Scopes: []string{"r"}, Claims: map[string]any{"client_id": "shop"}}
	}
	for _, x := range []struct {
		name  string
		do    func(d *desk, id *gate401.Identity)
		again bool
	}{
		{"another request", func(*desk, *gate401.Identity) {}, true},
		{"another credential of the same", func(_ *desk, id *gate401.Identity) { id.Credential = "t2" }, true},
		{"before half of its life is over", func(d *desk, _ *gate401.Identity) { d.now = noon.Add(29 * time.Second) }, true},
		{"half of its life is over", func(d *desk, _ *gate401.Identity) { d.now = noon.Add(30 * time.Second) }, false},
		{"the clock was set back", func(d *desk, _ *gate401.Identity) { d.now = noon.Add(-time.Minute) }, false},
		{"something was withdrawn", func(d *desk, _ *gate401.Identity) { d.epoch++ }, false},
		{"another key signs", func(d *desk, _ *gate401.Identity) { d.key = &notary{id: "k2"} }, false},
		{"somebody else", func(_ *desk, id *gate401.Identity) { id.Subject = "bob" }, false},
		{"the same name elsewhere", func(_ *desk, id *gate401.Identity) { id.Issuer = "https://idp.example" }, false},
		{"a group less", func(_ *desk, id *gate401.Identity) { id.Groups = id.Groups[:1] }, false},
		{"two groups in one word", func(_ *desk, id *gate401.Identity) { id.Groups = []string{"a\x01b"} }, false},
		{"a group that was a scope", func(_ *desk, id *gate401.Identity) { id.Groups, id.Scopes = append(id.Groups, "r"), nil }, false},
		{"another client", func(_ *desk, id *gate401.Identity) { id.Claims = map[string]any{"client_id": "other"} }, false},
		{"a stronger proof", func(_ *desk, id *gate401.Identity) { id.AuthTime = noon }, false},
		{"another end", func(_ *desk, id *gate401.Identity) { id.Expires = noon.Add(time.Hour) }, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			d, id := newDesk(t), alice()
			first := d.value(id)
			id = alice()
			x.do(d, id)
			if again := d.value(id); (again == first) != x.again {
				t.Errorf("the token is %s, it was %s", again, first)
			}
		})
	}
}

// Whoever asks for the same at once gets what one signed, and however many are
// told of, memory is bounded: the last stay.
func TestMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { d.value(&gate401.Identity{Subject: "alice"}) })
	}
	wg.Wait()
	if len(d.key.made) != 1 {
		t.Errorf("%d were signed for one", len(d.key.made))
	}
	d.Rand = nil
	long := make([]string, 500)
	for i := range long {
		long[i] = fmt.Sprint("group-", i)
	}
	crowd := &gate401.Identity{Subject: "alice", Groups: long}
	first := d.value(crowd)
	other := &gate401.Identity{Subject: "alice", Groups: append(long[:499:499], "group-x")}
	if d.value(other) == first {
		t.Error("two long lists of groups are one")
	}
	if d.value(crowd) != first {
		t.Error("a long list of groups is signed each time")
	}
	for i := range 20_000 {
		d.value(&gate401.Identity{Subject: fmt.Sprint("p", i)})
	}
	signed := len(d.key.made)
	if d.value(&gate401.Identity{Subject: "p19999"}); len(d.key.made) != signed {
		t.Error("the last one was let go")
	}
	if d.value(&gate401.Identity{Subject: "p0"}); len(d.key.made) == signed {
		t.Error("the first one is kept for ever")
	}
}

// What one upstream was sent is for no other one, also for whoever is the same at
// both and asks at once.
func TestAudiences(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Audiences = map[string]string{"billing": "billing-api", "more billing": "billing-api"}
	alice := &gate401.Identity{Subject: "alice"}
	seen := map[string]string{}
	for range 2 {
		for rule, want := range map[string]string{"orders": "orders-api", "": "orders-api", "billing": "billing-api", "more billing": "billing-api"} {
			v, err := d.Value(t.Context(), &gate401.Decision{Allow: true, Rule: rule, Identity: alice})
			if err != nil {
				t.Fatal(err)
			}
			if last, ok := seen[want]; ok && v != last {
				t.Errorf("%s: signed again for %s", rule, want)
			}
			seen[want] = v
			var n int
			if _, err := fmt.Sscanf(v, "k1-%d", &n); err != nil || d.key.made[n-1]["aud"] != want {
				t.Errorf("rule %q: %s says %v, want aud %s", rule, v, d.key.made, want)
			}
		}
	}
	if len(d.key.made) != 2 {
		t.Errorf("%d were signed for two", len(d.key.made))
	}
	// Names are kept apart from what follows them.
	d.Audiences = map[string]string{"a": "x\x05alice", "b": "x"}
	for rule, want := range d.Audiences {
		if _, err := d.Value(t.Context(), &gate401.Decision{Rule: rule, Identity: alice}); err != nil || d.key.made[len(d.key.made)-1]["aud"] != want {
			t.Errorf("rule %s: %v %v", rule, d.key.made, err)
		}
	}
}

func TestNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if v := d.value(nil); v != "" || len(d.key.made) != 0 {
		t.Errorf("nobody became %q", v)
	}
	for _, x := range []struct {
		name string
		do   func(id *gate401.Identity)
		want string
	}{
		{"no key", func(*gate401.Identity) { d.err = errors.New("the store is away") }, "the store is away"},
		{"no signature", func(*gate401.Identity) { d.key.away = true }, "no ink"},
		{"octets", func(id *gate401.Identity) { id.Subject = "al\xff" }, "UTF-8"},
		{"octets for an issuer", func(id *gate401.Identity) { id.Issuer = "https://\xff" }, "UTF-8"},
	} {
		d.err, d.key.away = nil, false
		id := &gate401.Identity{Subject: "alice"}
		x.do(id)
		if v, err := d.Value(t.Context(), &gate401.Decision{Allow: true, Identity: id}); err == nil || !strings.Contains(err.Error(), x.want) || v != "" {
			t.Errorf("%s: %q %v", x.name, v, err)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for want, do := range map[string]func(a *identity.Assertion){
		"no field name":   func(a *identity.Assertion) { a.Header = "X Y" },
		"is missing":      func(a *identity.Assertion) { a.Audience = "" },
		"is missing for":  func(a *identity.Assertion) { a.Audiences = map[string]string{"orders": ""} },
		"nobody signs it": func(a *identity.Assertion) { a.Signer = nil },
		"no life":         func(a *identity.Assertion) { a.TTL = time.Millisecond },
		"unknown claim":   func(a *identity.Assertion) { a.Claims = []identity.Claim{"email"} },
	} {
		d := newDesk(t)
		do(d.Assertion)
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	d := newDesk(t)
	d.Header = "authorization"
	if v := d.value(&gate401.Identity{Subject: "alice"}); d.Name() != "Authorization" || v != "Bearer k1-1" {
		t.Errorf("%s: %s", d.Name(), v)
	}
}
