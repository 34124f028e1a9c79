package server

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How often files are looked at. Whoever writes one in pieces is waited for.
const (
	pollEvery   = 10 * time.Second
	settleEvery = 200 * time.Millisecond
	settleTries = 25
)

// files tells when to look at the files again: soon after something happened in
// their folders, and every ten seconds whatever happened, since not every file
// system tells (NFS, some mounts of containers).
type files struct {
	// due receives when it is time; true where it is only the ten seconds.
	due     chan bool
	watcher *fsnotify.Watcher // nil where the system has none to give
	folders []string
	log     *slog.Logger
}

// watch starts to watch. The second result ends it.
func (r *reloader) watch(ctx context.Context) (*files, func()) {
	f := &files{due: make(chan bool), log: r.house.log}
	ctx, cancel := context.WithCancel(ctx)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		f.log.LogAttrs(ctx, slog.LevelWarn, "changes of files are seen only every ten seconds", slog.String("error", err.Error()))
	} else {
		f.watcher = watcher
	}
	changed := make(chan struct{}, 1)
	if f.watcher != nil {
		f.follow(r.names())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.tell(ctx, changed)
	}()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		f.listen(changed)
	}()
	return f, func() {
		cancel()
		if f.watcher != nil {
			_ = f.watcher.Close()
		}
		<-done
		<-heard
	}
}

// follow watches the folders of these files. A file that is replaced by
// renaming, or a symbolic link that is turned elsewhere (as Kubernetes does),
// shows in its folder alone.
func (f *files) follow(names []string) {
	if f.watcher == nil {
		return
	}
	var folders []string
	for _, name := range names {
		for _, hop := range hops(name) {
			if dir := filepath.Dir(hop); !slices.Contains(folders, dir) {
				folders = append(folders, dir)
			}
		}
	}
	for _, old := range f.folders {
		if !slices.Contains(folders, old) {
			_ = f.watcher.Remove(old)
		}
	}
	for _, dir := range folders {
		// Again, if it is watched already: the folder may be another one by now.
		if err := f.watcher.Add(dir); err != nil {
			f.log.Debug("a folder is looked at only every ten seconds", slog.String("path", dir), slog.String("error", err.Error()))
		}
	}
	f.folders = folders
}

// hops are a path and the symbolic links that it leads over.
func hops(name string) []string {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil
	}
	out := []string{path}
	for range 10 {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		out = append(out, to)
		path = to
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		out = append(out, real)
	}
	return out
}

// listen passes on that something happened, without a word about what.
func (f *files) listen(changed chan<- struct{}) {
	if f.watcher == nil {
		return
	}
	wake := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	for {
		select {
		case e, ok := <-f.watcher.Events:
			if !ok {
				return
			}
			// The records stand beside the file more often than not, and are
			// written all the time.
			if base := filepath.Base(e.Name); strings.HasSuffix(base, "-wal") || strings.HasSuffix(base, "-shm") || strings.HasSuffix(base, ".db") {
				continue
			}
			wake()
		case _, ok := <-f.watcher.Errors:
			if !ok {
				return
			}
			wake() // events were lost
		}
	}
}

// tell says when to look.
func (f *files) tell(ctx context.Context, changed <-chan struct{}) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		poll := false
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
			poll = true
		}
		select {
		case <-ctx.Done():
			return
		case f.due <- poll:
		}
	}
}

// settled looks at the files until two looks agree: a file that is being written
// is not read half.
func (r *reloader) settled(ctx context.Context) fingerprint {
	now := r.look()
	if now.equal(r.seen) {
		return now
	}
	for range settleTries {
		timer := time.NewTimer(settleEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return now
		case <-timer.C:
		}
		next := r.look()
		if next.equal(now) {
			break
		}
		now = next
	}
	return now
}
