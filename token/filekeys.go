package token

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Defaults of [FileKeys].
const (
	DefaultFileCheck = 2 * time.Second
	fileReread       = time.Minute // even if the file looks the same
)

var _ KeySource = (*FileKeys)(nil)

// FileKeys is a key set in a file on this machine (a JWK Set or one JWK), read
// again when the file changes. It looks when it is asked, and starts nothing. A
// file that cannot be read any more, or is broken, leaves the last good keys in
// use; [FileKeys.Status] tells. Do not copy it after first use.
type FileKeys struct {
	// Path is the file. Required.
	Path string

	// Check is how often the file is looked at, at most; 0 means DefaultFileCheck.
	Check time.Duration

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	set    *KeySet
	epoch  uint64
	info   os.FileInfo
	sum    [sha256.Size]byte
	read   time.Time // last time the content was read
	status Status
}

// Keys is part of [KeySource].
func (f *FileKeys) Keys(ctx context.Context, kid, alg string) ([]*Key, error) {
	set, err := f.current()
	if err != nil {
		return nil, err
	}
	return set.Keys(ctx, kid, alg)
}

// Epoch moves when the keys change: what was verified before is then to be
// verified again. It looks at the file when that is due.
func (f *FileKeys) Epoch() uint64 {
	// Without a good file there is an error, which the next Keys returns.
	_, _ = f.current()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch
}

// Refresh reads the file now. At a start it tells whether the file is any good.
func (f *FileKeys) Refresh(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.load(f.now(), true)
	return f.status.LastError
}

// Status says how the file is doing.
func (f *FileKeys) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st := f.status
	st.Source = f.Path
	if f.set != nil {
		st.Keys, st.Skipped = f.set.Len(), f.set.Skipped()
	}
	return st
}

func (f *FileKeys) now() time.Time { return clock(f.Now) }

func (f *FileKeys) current() (*KeySet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	check := f.Check
	if check <= 0 {
		check = DefaultFileCheck
	}
	// A clock that was set back must not stop the looking.
	if now := f.now(); f.status.LastAttempt.IsZero() || now.Sub(f.status.LastAttempt).Abs() >= check {
		f.load(now, false)
	}
	if f.set == nil {
		return nil, f.status.LastError
	}
	return f.set, nil
}

// load reads the file if it changed, or if it must.
func (f *FileKeys) load(now time.Time, must bool) {
	f.status.LastAttempt = now
	f.status.LastError = f.loadFile(now, must)
	if f.status.LastError == nil {
		f.status.LastSuccess = now
	}
}

func (f *FileKeys) loadFile(now time.Time, must bool) error {
	info, err := os.Stat(f.Path)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s: not a regular file", f.Path) // a pipe would block
	}
	same := f.info != nil && os.SameFile(f.info, info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size()
	// A change within the grain of the file system's clock, or with the old date
	// put back, shows in the content alone.
	if same && !must && f.status.LastError == nil && now.Sub(f.read).Abs() < fileReread && f.read.Sub(info.ModTime()).Abs() > DefaultFileCheck {
		return nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxKeySetSize+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if sum := sha256.Sum256(data); f.set == nil || sum != f.sum {
		set, err := ParseLocalKeySet(data)
		if err != nil {
			return fmt.Errorf("key file %s: %w", f.Path, err)
		}
		f.set, f.sum = set, sum
		f.epoch++
	}
	f.info, f.read = info, now
	return nil
}
