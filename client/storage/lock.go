package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// lockPause is how often a lock that another process holds is tried again.
const lockPause = 20 * time.Millisecond

// lockFile takes the lock of that name in a folder that is ours. The file stays:
// to remove a lock file that others may be opening gives two of them the lock.
func lockFile(ctx context.Context, dir, name string) (unlock func(), err error) {
	l := flock.New(filepath.Join(dir, name), flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, lockPause)
	if err != nil {
		_ = l.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("locking %s: %w", l.Path(), err)
	}
	if !ok {
		return nil, fmt.Errorf("locking %s: another process holds it", l.Path())
	}
	return sync.OnceFunc(func() { _ = l.Close() }), nil
}
