package build

import (
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/token"
)

// part is what one method of the file needs, made once for all rules that name
// it. Gates that follow one another share it as long as its configuration stays
// the same.
type part struct {
	source authn.Passwords     // of a basic method
	keys   *authn.Keys         // of an api-key method
	tokens authn.TokenVerifier // of a bearer method
	// sessions are those of a session method, whose source it has too.
	sessions *session.Manager
	close    func() error // nil for nothing

	holders atomic.Int32 // gates that use it
}

// remote fetches the keys of an issuer until the part is closed.
func (p *part) remote(profile *token.Profile, keys *token.RemoteKeys) (epoch func() uint64) {
	profile.Keys = keys
	p.close = keys.Close
	return keys.Epoch
}

// hold tells whether one more gate may use the part; not after the last one has
// released it.
func (p *part) hold() bool {
	for {
		n := p.holders.Load()
		if n == 0 {
			return false
		}
		if p.holders.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release ends the use by one gate, the last one closes.
func (p *part) release() error {
	if p.holders.Add(-1) > 0 || p.close == nil {
		return nil
	}
	return p.close()
}

// inherited is the part of the gate before, if the method means the same there;
// nil if not.
func (m *methods) inherited(method config.Method) *part {
	if m.before == nil {
		return nil
	}
	old, ok := m.before.file.Method(method.Name)
	if !ok || !reflect.DeepEqual(old, method) {
		return nil
	}
	if method.Bearer != nil && method.Bearer.Own() && m.issuer != m.before.issuer {
		return nil
	}
	if method.Basic != nil && !sameProofs(m.file, m.before.file) {
		return nil
	}
	// It remembers sessions of theirs.
	if method.Session != nil && !slices.EqualFunc(m.file.Providers, m.before.file.Providers, sameIssuer) {
		return nil
	}
	p := m.before.parts[method.Name]
	if p == nil || !p.hold() {
		return nil
	}
	return p
}

func sameIssuer(a, b config.Provider) bool { return a.Issuer == b.Issuer }

// inheritedSet finds the authenticators that the gate before made for the same
// methods, with what they remember.
func (m *methods) inheritedSet(id string, names []string) ([]gate401.Authenticator, bool) {
	if m.before == nil || m.file.Gate.Realm != m.before.file.Gate.Realm || m.file.Gate.Prefix != m.before.file.Gate.Prefix {
		return nil, false
	}
	for _, name := range names {
		if p := m.parts[name]; p == nil || p != m.before.parts[name] {
			return nil, false
		}
	}
	set, ok := m.before.sets[id]
	return set, ok
}
