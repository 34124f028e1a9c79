package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Files are certificates in files. Its fields are set before Open and not changed
// after.
type Files struct {
	// Pairs are the files; the first is for clients that ask for no name, or for
	// one that no certificate has.
	Pairs []Pair
	// Log gets what happens to the files; nil discards it.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Poll is how often the content is looked at, whatever the file system tells;
	// 0 means 10 seconds.
	Poll time.Duration

	current atomic.Pointer[[]loaded]
	asked   chan struct{} // by Look
}

// loaded is a pair in use.
type loaded struct {
	cert *tls.Certificate
	hash [32]byte
}

// Open reads all pairs for the first time.
func (f *Files) Open() error {
	if len(f.Pairs) == 0 {
		return errors.New("no certificate")
	}
	if f.Log == nil {
		f.Log = slog.New(slog.DiscardHandler)
	}
	f.asked = make(chan struct{}, 1)
	var all []loaded
	for _, p := range f.Pairs {
		c, err := p.read()
		if err != nil {
			return err
		}
		cert, err := p.parse(c)
		if err != nil {
			return err
		}
		all = append(all, loaded{cert, c.hash})
	}
	f.current.Store(&all)
	f.remind(f.now())
	return nil
}

func (f *Files) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

// GetCertificate is for a tls.Config: the first certificate that the client can
// use for the name that it asks for, or else the first.
func (f *Files) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	all := f.current.Load()
	if all == nil {
		return nil, errors.New("the certificates were not read yet")
	}
	if len(*all) > 1 {
		for _, one := range *all {
			if hello.SupportsCertificate(one.cert) == nil {
				return one.cert, nil
			}
		}
	}
	return (*all)[0].cert, nil
}

// Speaks tells whether one of the certificates is for host.
func (f *Files) Speaks(host string) bool {
	all := f.current.Load()
	return all != nil && slices.ContainsFunc(*all, func(one loaded) bool { return speaksFor(one.cert.Leaf, host) })
}

// Look lets Run look at the files now, for whoever has just changed them and says
// so.
func (f *Files) Look() {
	select {
	case f.asked <- struct{}{}:
	default:
	}
}

// Ready is nil: what was opened is there.
func (f *Files) Ready() error { return nil }

// Run reads the files again when they change, until ctx ends. A pair that cannot
// be used, such as one that is half written, leaves the one before in use.
func (f *Files) Run(ctx context.Context) {
	poll := f.Poll
	if poll <= 0 {
		poll = 10 * time.Second
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	events, stop := f.watch()
	defer stop()
	told := map[Pair]string{}
	reminded := f.now()
	// Certificate and key are two files: what changes the one soon changes the
	// other, and the pair between them is none.
	settle := time.NewTimer(time.Hour)
	defer settle.Stop()
	var since time.Time // of the first change that was not looked at yet
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			// Where a log or a database lies in the same folder, it is never quiet.
			if since.IsZero() {
				since = time.Now()
			}
			if time.Since(since) < settleMost {
				settle.Reset(settleTime)
			}
			continue
		case <-f.asked:
		case <-settle.C:
		case <-tick.C:
		}
		since = time.Time{}
		f.refresh(told)
		if now := f.now(); now.Sub(reminded) >= 24*time.Hour {
			reminded = now
			f.remind(now)
		}
	}
}

// remind says once a day what is wrong with certificates in use: nothing changes
// in a file when it expires.
func (f *Files) remind(now time.Time) {
	for i, one := range *f.current.Load() {
		for _, d := range f.Pairs[i].doubts(one.cert, now) {
			f.Log.Warn("certificate", slog.String("doubt", d))
		}
	}
}

// settleTime is how long the files must have been left alone, and settleMost how
// long that is waited for.
const (
	settleTime = 200 * time.Millisecond
	settleMost = time.Second
)

// watch reports changes in the folders of the files. The folder is watched and
// not the file, since most programs write another file and rename it. Where
// nothing can be watched, there is the poll.
func (f *Files) watch() (<-chan fsnotify.Event, func()) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		f.Log.Info("changes of certificates are noticed by polling alone", slog.String("error", err.Error()))
		return nil, func() {}
	}
	dirs := map[string]bool{}
	for _, p := range f.Pairs {
		for _, path := range []string{p.Cert, p.Key} {
			if dir := filepath.Dir(path); !dirs[dir] {
				dirs[dir] = true
				if err := w.Add(dir); err != nil {
					f.Log.Info("changes of certificates are noticed by polling alone", slog.String("dir", dir), slog.String("error", err.Error()))
				}
			}
		}
	}
	events := make(chan fsnotify.Event)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(events)
		for {
			select {
			case <-done:
				return
			case e, ok := <-w.Events:
				if !ok {
					return
				}
				select {
				case events <- e:
				case <-done:
					return
				}
			case _, ok := <-w.Errors:
				if !ok {
					return
				}
			}
		}
	}()
	return events, func() {
		close(done)
		<-ended
		_ = w.Close()
	}
}

// refresh takes over what has changed. told is what was said last of each pair,
// so that a broken one is not reported every ten seconds.
func (f *Files) refresh(told map[Pair]string) {
	now := slices.Clone(*f.current.Load())
	changed := false
	for i, p := range f.Pairs {
		c, err := p.read()
		if err == nil && c.hash == now[i].hash {
			delete(told, p)
			continue
		}
		var cert *tls.Certificate
		if err == nil {
			cert, err = p.parse(c)
		}
		if err != nil {
			if told[p] != err.Error() {
				told[p] = err.Error()
				f.Log.Warn("the new certificate cannot be used, the one before stays in use", slog.String("error", err.Error()))
			}
			continue
		}
		delete(told, p)
		changed = true
		now[i] = loaded{cert, c.hash}
		f.Log.Info("certificate changed", slog.String("cert", p.Cert), slog.Any("names", cert.Leaf.DNSNames),
			slog.Time("not_after", cert.Leaf.NotAfter))
		for _, d := range p.doubts(cert, f.now()) {
			f.Log.Warn("certificate", slog.String("doubt", d))
		}
	}
	if changed {
		f.current.Store(&now)
	}
}
