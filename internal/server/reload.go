package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
)

// Causes of a reload, as the log and /api/config name them.
const (
	causeStart   = "start"
	causeHangup  = "SIGHUP"
	causeChange  = "the file changed"
	causeRequest = "request"
)

// restarts tells whether a key that changed needs a restart: what it names is
// opened once, before anybody is served.
func restarts(key string) bool {
	switch key {
	case "gate.listen", "admin.listen", "log.format", "tls.redirect":
		return true
	}
	return strings.HasPrefix(key, "storage.")
}

// status is what is in force, and what came of the last try to change it.
type status struct {
	Generation uint64    `json:"generation"`
	Loaded     time.Time `json:"loaded"`
	Cause      string    `json:"cause"`
	// File is absent where there is none; SHA256 is that of its octets.
	File   string `json:"file,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Failed is the last try, if it changed nothing.
	Failed *attempt `json:"failed,omitempty"`
}

// attempt is a reload that was refused.
type attempt struct {
	Time   time.Time `json:"time"`
	Cause  string    `json:"cause"`
	SHA256 string    `json:"sha256,omitempty"`
	Errors []fault   `json:"errors"`
}

// fault is one reason, with its place where it has one.
type fault struct {
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Key     string `json:"key,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// reloader keeps what is in force up to date. One goroutine runs it, so that two
// causes at once are two reloads one after the other.
type reloader struct {
	house  *house
	status atomic.Pointer[status]
	asked  chan chan *status
	seen   fingerprint // of the files, when they were last read
	said   string      // about the last failure
}

// begin notes the configuration of the start.
func (r *reloader) begin() {
	h := r.house
	r.seen = r.look()
	s := &status{Generation: h.current.Load().number, Loaded: time.Now().UTC(), Cause: causeStart, File: h.options.File}
	s.SHA256 = r.seen[h.options.File].text()
	r.status.Store(s)
}

// run reloads until ctx ends.
func (r *reloader) run(ctx context.Context) {
	h := r.house
	files, closed := r.watch(ctx)
	defer closed()
	for {
		var reply chan *status
		cause := causeChange
		select {
		case <-ctx.Done():
			return
		case <-h.options.Hangup:
			cause = causeHangup
		case reply = <-r.asked:
			cause = causeRequest
		case must := <-files.due:
			now := r.settled(ctx)
			failed := r.status.Load().Failed != nil
			// What a file refers to may have come in order without a change to it.
			if now.equal(r.seen) && (!failed || !must || r.stillWrong()) {
				continue
			}
		}
		r.reload(ctx, cause)
		files.follow(r.names())
		if reply != nil {
			reply <- r.status.Load()
		}
	}
}

// ask reloads on behalf of a request, and returns what came of it.
func (r *reloader) ask(ctx context.Context) (*status, error) {
	reply := make(chan *status, 1)
	select {
	case r.asked <- reply:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case s := <-reply:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reload reads the configuration again and puts it in force, or leaves the one
// before and says why.
func (r *reloader) reload(ctx context.Context, cause string) {
	h := r.house
	h.notify.reloading()
	defer h.notify.ready()
	// Before it is read: a change in between is found by the next look.
	r.seen = r.look()
	before := h.current.Load()
	cfg, err := h.read(before.config)
	var changes []string
	if err == nil {
		changes = config.Changes(before.config, cfg)
		if err = fixed(cfg, changes); err == nil {
			err = h.enact(ctx, cfg)
		}
	}
	s := *r.status.Load()
	digest := r.seen[h.options.File].text()
	if err != nil {
		s.Failed = &attempt{Time: time.Now().UTC(), Cause: cause, SHA256: digest, Errors: faultsOf(err)}
		r.status.Store(&s)
		if text := oneLine(s.Failed.Errors, h.options.File); text != r.said || cause != causeChange {
			r.said = text
			h.log.LogAttrs(ctx, slog.LevelError, "configuration refused, the one before stays in force",
				slog.String("cause", cause), slog.Uint64("generation", s.Generation), slog.String("error", text))
		}
		return
	}
	r.said = ""
	g := h.current.Load()
	r.status.Store(&status{Generation: g.number, Loaded: time.Now().UTC(), Cause: cause, File: h.options.File, SHA256: digest})
	h.log.LogAttrs(ctx, slog.LevelInfo, "configuration in force", slog.String("cause", cause),
		slog.Uint64("generation", g.number), slog.String("changed", summary(changes)))
}

// stillWrong tells whether another try would be refused for the same reasons.
func (r *reloader) stillWrong() bool {
	inForce := r.house.current.Load().config
	cfg, err := r.house.read(inForce)
	if err == nil {
		err = fixed(cfg, config.Changes(inForce, cfg))
	}
	return err != nil && oneLine(faultsOf(err), r.house.options.File) == r.said
}

// read reads the configuration again. Where there is no file, what is in force
// is built anew, for the files that it names.
func (h *house) read(inForce *config.File) (*config.File, error) {
	if h.options.Read == nil {
		return inForce, nil
	}
	cfg, err := h.options.Read()
	if err != nil {
		return nil, err
	}
	if err := purpose(cfg); err != nil {
		return nil, err
	}
	// A rule that contradicts another is found by no other look at the file alone.
	if _, err := build.Check(cfg); err != nil {
		return nil, err
	}
	return cfg, nil
}

// fixed refuses a file that changes what cannot change while the gate runs. All
// of it, because what would then be in force stands in no file at all.
func fixed(cfg *config.File, changes []string) error {
	var faults config.Faults
	for _, key := range changes {
		if restarts(key) {
			faults = append(faults, cfg.Fault(key, "this changed, and needs a restart: nothing of the file was taken over",
				"restart the gate, or put the value back"))
		}
	}
	if len(faults) > 0 {
		return faults.Sorted()
	}
	return nil
}

// faultsOf are the reasons in err, one by one.
func faultsOf(err error) []fault {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return []fault{{Message: err.Error()}}
	}
	out := make([]fault, len(faults))
	for i, f := range faults {
		out[i] = fault{f.Line, f.Column, f.Path, f.Message, f.Hint}
	}
	return out
}

// oneLine is what the log says of the reasons: one line, however many there are.
func oneLine(faults []fault, file string) string {
	parts := make([]string, len(faults))
	for i, f := range faults {
		var b strings.Builder
		if f.Line > 0 {
			fmt.Fprintf(&b, "%s:%d:%d: ", file, f.Line, f.Column)
		}
		if f.Key != "" {
			b.WriteString(f.Key + ": ")
		}
		b.WriteString(strings.ReplaceAll(f.Message, "\n", "; "))
		if f.Hint != "" {
			b.WriteString(" (hint: " + f.Hint + ")")
		}
		parts[i] = b.String()
	}
	return strings.Join(parts, " | ")
}

// most is how many changes a line of the log names.
const most = 20

func summary(changes []string) string {
	if len(changes) == 0 {
		return "nothing"
	}
	if more := len(changes) - most; more > 0 {
		return strings.Join(changes[:most], ", ") + fmt.Sprintf(", and %d more", more)
	}
	return strings.Join(changes, ", ")
}

// names are the files whose change means a reload: the configuration, and those
// that its values are taken from. Lists of people and keys are read again by
// whoever uses them.
func (r *reloader) names() []string {
	h := r.house
	if h.options.File == "" {
		return nil
	}
	names := []string{h.options.File}
	for _, name := range append(h.current.Load().config.References(), authorities(h.current.Load().config)...) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// sum is the digest of one file; zero if it cannot be read.
type sum [sha256.Size]byte

// text is the digest in hex, empty for none.
func (s sum) text() string {
	if s == (sum{}) {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// fingerprint is what all files hold.
type fingerprint map[string]sum

func (f fingerprint) equal(other fingerprint) bool {
	if len(f) != len(other) {
		return false
	}
	for name, s := range f {
		if o, ok := other[name]; !ok || o != s {
			return false
		}
	}
	return true
}

// look reads all files. One that is away, or is too large to be meant, counts as
// empty: reading it for good says why.
func (r *reloader) look() fingerprint {
	out := fingerprint{}
	for _, name := range r.names() {
		out[name] = sum{}
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > config.MaxSize {
			continue
		}
		if data, err := os.ReadFile(name); err == nil {
			out[name] = sha256.Sum256(data)
		}
	}
	return out
}
