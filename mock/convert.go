package mock

import (
	"github.com/gate401/gate401/internal/mock/world"
)

// inside are the settings as worlds read them. The public ones are types of
// their own because what is internal cannot be named, nor its documentation
// read, by who imports this package.
func (s Settings) inside() world.Settings {
	return world.Settings{
		People: convert(s.People, func(p Person) world.Person { return world.Person(p) }),
		Keys: convert(s.Keys, func(k Key) world.Key {
			return world.Key{Value: k.Value, Owner: k.Owner, Scopes: k.Scopes, Groups: k.Groups, Expired: k.Expired, Revoked: k.Revoked}
		}),
		Clients: convert(s.Clients, func(c Client) world.Client { return world.Client(c) }),
		Accept:  s.Accept,
		Access: world.Access{
			TTL: world.Duration(s.Access.TTL), Expired: s.Access.Expired, Uses: s.Access.Uses,
			Fault: s.Access.Fault, Until: s.Access.Until,
		},
		Refresh: world.Refresh{
			Policy: s.Refresh.Policy, Grace: world.Duration(s.Refresh.Grace), Idle: world.Duration(s.Refresh.Idle),
			Absolute: world.Duration(s.Refresh.Absolute), Fault: s.Refresh.Fault, Times: s.Refresh.Times,
			Delay: world.Duration(s.Refresh.Delay),
		},
		Resource: world.Resource{
			First: s.Resource.First, Every: s.Resource.Every, Reason: s.Resource.Reason,
			MaxAge: world.Duration(s.Resource.MaxAge),
		},
		Clock: world.Clock{
			Offset: world.Duration(s.Clock.Offset), Date: world.Duration(s.Clock.Date),
			Issuer: world.Duration(s.Clock.Issuer), Frozen: s.Clock.Frozen,
		},
		JWKS: s.JWKS,
	}
}

// convert keeps the difference between none and nil, which means the default.
func convert[A, B any](all []A, one func(A) B) []B {
	if all == nil {
		return nil
	}
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = one(a)
	}
	return out
}
