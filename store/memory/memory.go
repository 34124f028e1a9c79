package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/store"
)

// How many of what only grows are kept: memory must stay bounded.
const (
	MaxAudit  = 10_000
	MaxEvents = 10_000
)

// Options are the settings of a set; the zero value is good.
type Options struct {
	Now func() time.Time // nil = time.Now
}

// Open returns an empty set.
func Open(o Options) *store.Set {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &memory{
		now:           o.Now,
		accounts:      make(map[string]store.Account),
		keys:          make(map[string]store.APIKey),
		byHash:        make(map[[32]byte]string),
		signing:       make(map[string]store.SigningKey),
		settings:      make(map[string]string),
		certificates:  make(map[string]store.Certificate),
		families:      make(map[string]store.TokenFamily),
		refresh:       make(map[[32]byte]store.RefreshToken),
		revoked:       make(map[revokedKey]store.Revocation),
		sessions:      make(map[string]store.Session),
		sessionByHash: make(map[[32]byte]string),
		tickets:       make(map[ticketKey]store.Ticket),
		clients:       make(map[string]store.Client),
		factors:       make(map[string]store.SecondFactor),
		consents:      make(map[consentKey]store.Consent),
	}
	m.revision.Store(1)
	return &store.Set{
		Accounts: accounts{m}, APIKeys: apiKeys{m}, SigningKeys: signingKeys{m}, Audit: audit{m}, Settings: settings{m}, Tokens: tokens{m},
		Certificates: certificates{m}, Sessions: sessions{m}, Tickets: tickets{m}, Clients: clients{m},
		Factors: factors{m}, Consents: consents{m}, Events: events{m},
		Revision: m.revision.Load, Ping: m.ping, Close: m.close,
	}
}

// memory holds records in their normal form; what goes in or out is a copy.
type memory struct {
	now      func() time.Time
	revision atomic.Uint64

	mu                 sync.RWMutex
	closed             bool
	accounts           map[string]store.Account
	keys               map[string]store.APIKey
	byHash             map[[32]byte]string // to the key's ID
	signing            map[string]store.SigningKey
	audit              []store.AuditRecord // oldest first
	lastAudit          int64
	settings           map[string]string
	certificates       map[string]store.Certificate
	certificateVersion int64
	families           map[string]store.TokenFamily
	refresh            map[[32]byte]store.RefreshToken
	revoked            map[revokedKey]store.Revocation
	sessions           map[string]store.Session
	sessionByHash      map[[32]byte]string // to the session's ID
	tickets            map[ticketKey]store.Ticket
	ticketVersion      int64
	clients            map[string]store.Client
	factors            map[string]store.SecondFactor
	consents           map[consentKey]store.Consent
	events             []store.Event // oldest first
	lastEvent          int64
}

// view runs do under the read lock.
func (m *memory) view(ctx context.Context, op string, do func() error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.run(ctx, op, do)
}

// change runs do under the write lock. If it succeeds, the revision moves
// before anybody can read what it changed.
func (m *memory) change(ctx context.Context, op string, do func(version int64) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.run(ctx, op, func() error {
		version := m.revision.Load() + 1
		if err := do(int64(version)); err != nil {
			return err
		}
		m.revision.Store(version)
		return nil
	})
}

// write runs do under the write lock and leaves the revision alone.
func (m *memory) write(ctx context.Context, op string, do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.run(ctx, op, do)
}

func (m *memory) run(ctx context.Context, op string, do func() error) error {
	err := ctx.Err()
	if err == nil && m.closed {
		err = store.ErrClosed
	}
	if err == nil {
		err = do()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

func (m *memory) ping(ctx context.Context) error {
	return m.view(ctx, "reading the store", func() error { return nil })
}

func (m *memory) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
