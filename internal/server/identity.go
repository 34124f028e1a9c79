package server

import (
	"context"
	"reflect"

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
	if before != nil && before.assertion != nil && before.system.Issuer == g.system.Issuer && reflect.DeepEqual(before.config.Identity.JWT, j) {
		return before.assertion
	}
	a := &identity.Assertion{
		Header: j.Header, Issuer: g.system.Issuer, Audience: j.Audience, TTL: j.TTL,
		Subject: issuer.SubjectOf, Epoch: h.stores.Set.Revision,
		Signer: func(ctx context.Context) (identity.Signer, error) { return h.stores.Keyring.Signer(ctx) },
	}
	for _, c := range j.Claims {
		a.Claims = append(a.Claims, identity.Claim(c))
	}
	return a
}
