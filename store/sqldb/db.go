package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/store"
)

// Waits that are not the caller's business.
const (
	DefaultPoll = 50 * time.Millisecond // between two looks at the revision
	DefaultWait = 5 * time.Second       // for a writer in another process
	pollTimeout = 2 * time.Second       // for one look
)

// Config is an open, migrated database.
type Config struct {
	Read  *sql.DB // for queries outside transactions
	Write *sql.DB // for transactions; the same as Read, or one connection
	// Busy tells whether an error of BEGIN means "another process is
	// writing, try again"; nil = never.
	Busy func(error) bool
	// Quick tells that to read one record takes microseconds and that nothing
	// can cut short what makes it take longer, as in SQLite: then it is not made
	// possible to cancel it, which would cost a third as much again.
	Quick bool
	Now   func() time.Time // nil = time.Now
	Poll  time.Duration    // 0 = DefaultPoll
	Wait  time.Duration    // how long to try again when Busy; 0 = DefaultWait
}

// DB keeps the records of package store in an SQL database.
type DB struct {
	cfg  Config
	stmt statements

	revision atomic.Uint64
	closed   atomic.Bool
	cancel   context.CancelFunc
	done     chan struct{}
	closing  sync.Once
	closeErr error
}

// The reads that requests wait for are prepared once.
type statements struct {
	account, keyByHash, key, sessionByHash, session, revoked, revision *sql.Stmt
}

// New prepares the statements, reads the revision and starts the goroutine that
// watches it. From then on the connections of cfg belong to the set, whose
// Close closes them; if New fails they are closed too.
func New(ctx context.Context, cfg Config) (*store.Set, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Poll <= 0 {
		cfg.Poll = DefaultPoll
	}
	d := &DB{cfg: cfg, done: make(chan struct{})}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.closeConnections())
	}
	return &store.Set{
		Accounts: accounts{d}, APIKeys: apiKeys{d}, SigningKeys: signingKeys{d},
		Audit: audit{d}, Settings: settings{d}, Tokens: tokens{d},
		Certificates: certificates{d}, Sessions: sessions{d}, Tickets: tickets{d}, Clients: clients{d},
		Factors: factors{d}, Consents: consents{d}, Events: events{d},
		Revision: d.revision.Load, Ping: d.ping, Close: d.close,
	}, nil
}

func (d *DB) start(ctx context.Context) error {
	for _, s := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&d.stmt.account, selectAccount + ` WHERE name = $1`},
		{&d.stmt.keyByHash, selectKey + ` WHERE hash = $1`},
		{&d.stmt.key, selectKey + ` WHERE id = $1`},
		{&d.stmt.sessionByHash, selectSession + ` WHERE hash = $1`},
		{&d.stmt.session, selectSession + ` WHERE id = $1`},
		{&d.stmt.revoked, selectRevoked},
		{&d.stmt.revision, `SELECT value FROM counters WHERE name = 'revision'`},
	} {
		prepared, err := d.cfg.Read.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // closed with its pool
		if err != nil {
			return fmt.Errorf("preparing a statement: %w", err)
		}
		*s.to = prepared
	}
	var n int64
	if err := d.stmt.revision.QueryRowContext(ctx).Scan(&n); err != nil {
		return fmt.Errorf("reading the revision: %w", err)
	}
	d.observe(n)
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	go d.watch(watching)
	return nil
}

// watch looks for changes that other processes have made. While the database
// cannot be read the revision stands still, as it does on a replica that is cut
// off: what was known to be refused stays refused, and Ping tells.
func (d *DB) watch(ctx context.Context) {
	defer close(d.done)
	tick := time.NewTicker(d.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			look, cancel := context.WithTimeout(ctx, pollTimeout)
			var n int64
			if err := d.stmt.revision.QueryRowContext(look).Scan(&n); err == nil {
				d.observe(n)
			}
			cancel()
		}
	}
}

// observe raises the revision to n. It never lowers it: of two changes that
// were committed in one order and are reported in the other, the later stands.
func (d *DB) observe(n int64) {
	for {
		old := d.revision.Load()
		if uint64(n) <= old || d.revision.CompareAndSwap(old, uint64(n)) {
			return
		}
	}
}

// change runs do in a transaction that raises the revision, and reports the
// new revision only after the commit: nobody can read the old record under the
// new revision.
func (d *DB) change(ctx context.Context, do func(tx *sql.Tx, version int64) error) error {
	var version int64
	err := d.transact(ctx, func(tx *sql.Tx) error {
		const raise = `UPDATE counters SET value = value + 1 WHERE name = 'revision' RETURNING value`
		if err := tx.QueryRowContext(ctx, raise).Scan(&version); err != nil {
			return fmt.Errorf("raising the revision: %w", err)
		}
		return do(tx, version)
	})
	if err == nil {
		d.observe(version)
	}
	return err
}

func (d *DB) transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	return Transact(ctx, d.cfg, do)
}

// point is the context for reading one record.
func (d *DB) point(ctx context.Context) (context.Context, error) {
	if !d.cfg.Quick || ctx.Done() == nil {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// wrap names the operation, and says ErrClosed where database/sql only has a
// text for it.
func (d *DB) wrap(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		err = store.ErrNotFound
	case d.closed.Load():
		err = store.ErrClosed
	}
	return fmt.Errorf("%s: %w", op, err)
}

func (d *DB) ping(ctx context.Context) error {
	var n int64
	return d.wrap("reading the store", d.stmt.revision.QueryRowContext(ctx).Scan(&n))
}

func (d *DB) close() error {
	d.closing.Do(func() {
		d.closed.Store(true)
		d.cancel()
		<-d.done
		d.closeErr = d.closeConnections()
	})
	return d.closeErr
}

func (d *DB) closeConnections() error {
	var errs []error
	for _, s := range []*sql.Stmt{
		d.stmt.account, d.stmt.keyByHash, d.stmt.key, d.stmt.sessionByHash, d.stmt.session, d.stmt.revoked, d.stmt.revision,
	} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	// The writer last: in SQLite the last connection tidies the log away.
	errs = append(errs, d.cfg.Read.Close())
	if d.cfg.Write != d.cfg.Read {
		errs = append(errs, d.cfg.Write.Close())
	}
	return errors.Join(errs...)
}

// Readers is the size of a pool of reading connections: queries take
// microseconds, so more of them than this only cost memory.
func Readers() int { return max(4, 2*runtime.GOMAXPROCS(0)) }
