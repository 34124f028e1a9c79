package memory

import (
	"context"
	"maps"

	"github.com/gate401/gate401/store"
)

type revokedKey struct {
	kind store.RevocationKind
	id   string
}

func (m tokens) Revoke(ctx context.Context, r store.Revocation) error {
	return m.change(ctx, "revoking tokens", func(int64) error {
		r, err := r.Normal()
		if err != nil {
			return err
		}
		switch r.Kind {
		case store.RevokedToken:
			if _, known := m.revoked[revokedKey{r.Kind, r.ID}]; !known {
				m.revoked[revokedKey{r.Kind, r.ID}] = r
			}
		case store.RevokedFamily:
			if _, ok := m.families[r.ID]; !ok {
				return store.ErrNotFound
			}
			m.revokeFamily(r.ID, r)
		default:
			m.revokeUntilNow(r)
		}
		return nil
	})
}

// revokeUntilNow revokes all that a subject or a client has, or everything.
func (m *memory) revokeUntilNow(r store.Revocation) {
	latest, key := r, revokedKey{r.Kind, r.ID}
	if old, known := m.revoked[key]; known {
		if old.At.After(r.At) {
			latest.At, latest.Cause = old.At, old.Cause
		}
		if old.Until.After(r.Until) {
			latest.Until = old.Until
		}
	}
	// An access token without a login speaks for an account of ours.
	if r.Issuer == "" {
		m.revoked[key] = latest
	}
	about := func(subject, issuer, client string) bool {
		switch r.Kind {
		case store.RevokedSubject:
			return subject == r.ID && issuer == r.Issuer
		case store.RevokedClient:
			return client == r.ID
		}
		return true
	}
	for id, f := range m.families {
		if about(f.Subject, f.Issuer, f.Client) {
			m.revokeFamily(id, r)
		}
	}
	for id, x := range m.sessions {
		if r.Kind != store.RevokedClient && about(x.Subject, x.Issuer, "") {
			m.revokeSession(id, r.At, r.Cause)
		}
	}
	maps.DeleteFunc(m.tickets, func(_ ticketKey, t store.Ticket) bool {
		stays := t.Kind == store.TicketProof || t.Kind == store.TicketLink && r.Kind != store.RevokedAll
		// It does not say which issuer: better one too many.
		return t.Used.IsZero() && !stays && about(t.Subject, r.Issuer, t.Client)
	})
}

// revokeFamily marks the record; the first revocation stands.
func (m *memory) revokeFamily(id string, r store.Revocation) {
	f := m.families[id]
	if !f.Revoked.IsZero() {
		return
	}
	f.Revoked, f.Cause = r.At, r.Cause
	m.families[id] = f
	r.Kind, r.ID, r.Issuer = store.RevokedFamily, id, ""
	m.revoked[revokedKey{r.Kind, id}] = r
}

// endLogins ends all that was obtained with the password of an account, or with
// the account.
func (m *memory) endLogins(account, cause string) {
	now := store.Moment(m.now())
	m.revokeUntilNow(store.Revocation{
		Kind: store.RevokedSubject, ID: account, At: now, Until: now.Add(store.RevocationKept), Cause: cause,
	})
	maps.DeleteFunc(m.tickets, func(_ ticketKey, t store.Ticket) bool {
		return t.Used.IsZero() && t.Kind == store.TicketLink && t.Subject == account
	})
}

func (m tokens) Revoked(ctx context.Context, t store.AccessToken) (found store.Revocation, err error) {
	err = m.view(ctx, "looking for a revocation", func() error {
		keys := []revokedKey{{store.RevokedToken, t.ID}, {store.RevokedFamily, t.Family}}
		if t.Family == "" { // what else is revoked marked the family
			keys = append(keys, revokedKey{store.RevokedSubject, t.Subject}, revokedKey{store.RevokedClient, t.Client},
				revokedKey{store.RevokedAll, store.Everything})
		}
		for i, key := range keys {
			r, ok := m.revoked[key]
			if ok && (i < 2 || !store.Moment(t.Issued).After(r.At)) {
				found = r
				return nil
			}
		}
		return store.ErrNotFound
	})
	return found, err
}
