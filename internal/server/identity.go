package server

import (
	"context"
	"maps"
	"reflect"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/proxy"
)

// identityFields are the fields that tell the upstream who is asking.
func identityFields(headers config.IdentityHeaders) map[string]proxy.Field {
	fields := make(map[string]proxy.Field, len(headers))
	for name, what := range headers {
		fields[name] = proxy.Field(what)
	}
	return fields
}

// asserts makes what tells upstreams who is asking in signed tokens, nil where the
// file has none. Those that were signed go on being used where nothing of it has
// changed.
func (h *house) asserts(g, before *generation) *identity.Assertion {
	j := g.config.Identity.JWT
	if !j.On() {
		return nil
	}
	main, byRule := audiences(g.config)
	if before != nil && before.assertion != nil && before.system.Issuer == g.system.Issuer && reflect.DeepEqual(before.config.Identity.JWT, j) &&
		before.assertion.Audience == main && maps.Equal(before.assertion.Audiences, byRule) {
		return before.assertion
	}
	a := &identity.Assertion{
		Header: j.Header, Issuer: g.system.Issuer, Audience: main, Audiences: byRule, TTL: j.TTL,
		Subject: issuer.SubjectOf, Epoch: h.stores.Set.Revision,
		Signer: func(ctx context.Context) (identity.Signer, error) { return h.stores.Keyring.Signer(ctx) },
	}
	for _, c := range j.Claims {
		a.Claims = append(a.Claims, identity.Claim(c))
	}
	return a
}

// audiences tells whom the signed tokens are for: those of requests that go where
// gate.upstream says, and of others by the names of their rules.
func audiences(cfg *config.File) (main string, byRule map[string]string) {
	main, byRule = cfg.Audience(&config.Asks{}), map[string]string{}
	add := func(rule string, a *config.Asks) {
		if audience := cfg.Audience(a); audience != main {
			byRule[rule] = audience
		}
	}
	add(build.DefaultRule, &cfg.Default)
	for i := range cfg.Rules {
		add(build.RuleName(cfg.Rules[i]), &cfg.Rules[i].Asks)
	}
	return main, byRule
}
