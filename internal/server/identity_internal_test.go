package server

import (
	"maps"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/store"
)

// A reload that leaves identity.jwt as it is keeps what was signed, and what was
// kept goes on to end with a key and with anything that may have been withdrawn;
// one that changes it, or the gate's name, keeps nothing.
func TestAssertsAcrossReloads(t *testing.T) {
	stores, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	if _, err := stores.Keyring.Create(t.Context(), "ES256"); err != nil {
		t.Fatal(err)
	}
	h := &house{stores: stores}
	now := h.generationOf(t, "https://gate.example", "audience: orders-api", nil)
	alice := &gate401.Decision{Allow: true, Identity: &gate401.Identity{Subject: "alice", Method: "basic", Groups: []string{"customers"}}}
	value := func() string {
		t.Helper()
		v, err := now.assertion.Value(t.Context(), alice)
		if err != nil || v == "" {
			t.Fatalf("%q, %v", v, err)
		}
		return v
	}
	last := value()
	for _, step := range []struct {
		name  string
		do    func()
		fresh bool
	}{
		{"nothing", func() {}, false},
		{"a reload", func() { now = h.generationOf(t, "https://gate.example", "audience: orders-api", now) }, false},
		{"a revocation after it", func() {
			err = stores.Set.Tokens.Revoke(t.Context(), store.Revocation{Kind: store.RevokedSubject, ID: "bob", At: time.Now(), Until: time.Now().Add(time.Hour)})
		}, true},
		{"another reload", func() { now = h.generationOf(t, "https://gate.example", "audience: orders-api", now) }, false},
		{"another key after it", func() { _, err = stores.Keyring.Rotate(t.Context(), "ES256", 0) }, true},
		{"another group", func() { alice.Identity.Groups = []string{"admins"} }, true},
		{"another life", func() { now = h.generationOf(t, "https://gate.example", "audience: orders-api, ttl: 2m", now) }, true},
		{"another audience", func() { now = h.generationOf(t, "https://gate.example", "audience: others-api, ttl: 2m", now) }, true},
		{"another name of the gate", func() { now = h.generationOf(t, "https://other.example", "audience: others-api, ttl: 2m", now) }, true},
		{"off and on", func() {
			now = h.generationOf(t, "https://other.example", "", now)
			if now.assertion != nil {
				t.Error("there is one that the file does not have")
			}
			now = h.generationOf(t, "https://other.example", "audience: others-api, ttl: 2m", now)
		}, true},
	} {
		step.do()
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if v := value(); v != last != step.fresh {
			t.Errorf("after %s: signed anew %t, want %t", step.name, v != last, step.fresh)
		} else {
			last = v
		}
	}
}

// generationOf is one of which only the assertion is made.
func (h *house) generationOf(t *testing.T, public, jwt string, before *generation) *generation {
	t.Helper()
	text := ""
	if jwt != "" {
		text = "identity: {jwt: {" + jwt + "}}\n"
	}
	cfg, err := config.Load("gate401.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	g := &generation{config: cfg, house: h, system: &build.System{Issuer: public}}
	g.assertion = h.asserts(g, before)
	return g
}

// Whom the tokens are for is told by where each rule leads, and a reload that
// changes that keeps nothing.
func TestAudiences(t *testing.T) {
	const head = `
gate: {upstream: orders}
identity: {jwt: {audience: apis}}
rules:
  - {name: bills, path: "/billing/**", upstream: billing}
  - {path: "/stock/**", verbs: [GET], upstream: stock}
  - {path: "/orders/**", upstream: orders}
  - {path: "/x", timeout: 1s}
`
	load := func(upstreams string) *config.File {
		cfg, err := config.Load("gate401.yaml", []byte(head+upstreams))
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	stores, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	h := &house{stores: stores}
	of := func(cfg *config.File, before *generation) *generation {
		g := &generation{config: cfg, house: h, system: &build.System{Issuer: "https://gate.example"}}
		g.assertion = h.asserts(g, before)
		return g
	}
	g := of(load("upstreams: {orders: {urls: ['http://a:1']}, billing: {urls: ['http://a:2'], audience: billing-api}, stock: {urls: ['http://a:3']}}"), nil)
	if a := g.assertion; a.Audience != "apis" || !maps.Equal(a.Audiences, map[string]string{"bills": "billing-api"}) {
		t.Errorf("one of its own: %s, %v", a.Audience, a.Audiences)
	}
	const all = "upstreams: {orders: {urls: ['http://a:1'], audience: orders-api}, billing: {urls: ['http://a:2'], audience: billing-api}, stock: {urls: ['http://a:3']}}"
	next := of(load(all), g)
	if a := next.assertion; a == g.assertion || a.Audience != "orders-api" || !maps.Equal(a.Audiences, map[string]string{"bills": "billing-api", "GET /stock/**": "apis"}) {
		t.Errorf("the default has one: %s, %v", a.Audience, a.Audiences)
	}
	if last := of(load(all), next); last.assertion != next.assertion {
		t.Error("what was signed is not kept by a reload that changes nothing")
	}
}
