package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/store"
)

// Bounds of how often an htpasswd file is looked at.
const (
	htpasswdCheck  = time.Second
	htpasswdGrain  = 2 * time.Second // of the dates of common file systems
	htpasswdReread = time.Minute     // even if the file looks the same
)

// Htpasswd is the source of the accounts in a file as htpasswd(1) writes it,
// with bcrypt or argon2id hashes. It is read again when it changes, looked at
// once a second at most and only when it is used. A file that cannot be read any
// more, or is broken, leaves the last good one in use. Its accounts have no
// groups. Do not copy it after first use.
type Htpasswd struct {
	// Path is the file. Required.
	Path string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log hears when the file was read again, or could not be; nil discards.
	Log *slog.Logger

	users    atomic.Pointer[users]
	revision atomic.Uint64
	next     atomic.Int64 // Unix nanoseconds from when to look again

	mu    sync.Mutex // held while looking at the file
	info  os.FileInfo
	sum   [sha256.Size]byte
	fault error // of the content with that sum
	read  time.Time
	err   error // of the last look
}

var _ Passwords = (*Htpasswd)(nil)

// Load reads the file now and returns every fault that it finds. Call it once at
// the start; without it the first use reads the file.
func (h *Htpasswd) Load() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(true)
	return h.err
}

// Err is why the file as it is now is not in use; nil if it is.
func (h *Htpasswd) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// Account returns the account of that canonical name.
func (h *Htpasswd) Account(_ context.Context, name string) (store.Account, error) {
	h.refresh()
	u := h.users.Load()
	if u == nil {
		return store.Account{}, h.Err()
	}
	a, ok := u.accounts[name]
	if !ok {
		return store.Account{}, store.ErrNotFound
	}
	return a, nil
}

// Revision moves when the file has changed.
func (h *Htpasswd) Revision() uint64 {
	h.refresh()
	return h.revision.Load()
}

// Dearest is the most costly hash of each kind in the file.
func (h *Htpasswd) Dearest() []string {
	if u := h.users.Load(); u != nil {
		return u.dearest
	}
	return nil
}

func (h *Htpasswd) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// refresh looks at the file if it is time to. One caller looks, the others go on
// with what there is; only the very first ones wait.
func (h *Htpasswd) refresh() {
	now, next := h.now().UnixNano(), h.next.Load()
	loaded := h.users.Load() != nil
	// A clock that was set back must not stop the looking.
	if loaded && now < next && next-now <= int64(htpasswdCheck) {
		return
	}
	if loaded {
		if !h.mu.TryLock() {
			return
		}
	} else {
		h.mu.Lock()
	}
	defer h.mu.Unlock()
	if h.next.Load() == next {
		h.look(false)
	}
}

// look reads the file if it changed, or if it must, and reports a change of how
// it is doing. It is called with the lock held.
func (h *Htpasswd) look(must bool) {
	before := h.err
	changed, err := h.load(must)
	h.err = err
	h.next.Store(h.now().Add(htpasswdCheck).UnixNano())
	switch {
	case err != nil && (before == nil || before.Error() != err.Error()):
		logger(h.Log).Error("htpasswd file not usable, the last good one stays in use", slog.String("path", h.Path), slog.Any("error", err))
	case err == nil && changed && h.revision.Load() > 1:
		logger(h.Log).Info("htpasswd file read again", slog.String("path", h.Path), slog.Int("accounts", len(h.users.Load().accounts)))
	}
}

func (h *Htpasswd) load(must bool) (changed bool, err error) {
	now := h.now()
	info, err := os.Stat(h.Path)
	if err != nil {
		return false, fmt.Errorf("htpasswd file: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("htpasswd file %s: not a regular file", h.Path) // a pipe would block
	case info.Size() > MaxHtpasswdSize:
		return false, fmt.Errorf("htpasswd file %s: %d octets, more than %d", h.Path, info.Size(), MaxHtpasswdSize)
	}
	same := h.info != nil && os.SameFile(h.info, info) && info.ModTime().Equal(h.info.ModTime()) && info.Size() == h.info.Size()
	// A change within the grain of the file system's clock, or with the old date
	// put back, shows in the content alone.
	if same && !must && now.Sub(h.read).Abs() < htpasswdReread && h.read.Sub(info.ModTime()).Abs() > htpasswdGrain {
		return false, h.fault
	}
	file, err := os.Open(h.Path)
	if err != nil {
		return false, fmt.Errorf("htpasswd file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxHtpasswdSize+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("htpasswd file: %w", err)
	}
	if len(data) > MaxHtpasswdSize {
		return false, fmt.Errorf("htpasswd file %s: more than %d octets", h.Path, MaxHtpasswdSize)
	}
	first := h.info == nil
	h.info, h.read = info, now
	sum := sha256.Sum256(data)
	if sum == h.sum && !first {
		return false, h.fault
	}
	u, err := parseHtpasswd(data)
	h.sum, h.fault = sum, nil
	if err != nil {
		h.fault = fmt.Errorf("htpasswd file %s: %w", h.Path, err)
		return false, h.fault
	}
	h.users.Store(u)
	h.revision.Add(1)
	return true, nil
}
