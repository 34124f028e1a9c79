package watch

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Log writes one line for every decision, and the events of other parts through
// an ordinary logger, in the order in which they happened. Make it with
// [NewLog]; it is safe for concurrent use.
type Log struct {
	sink         *sink
	logger       *slog.Logger
	text, colour bool
	level        slog.LevelVar
	lines        sync.Pool // of *scratch
	outcomes     map[reason.Code]*outcome
}

// Form is how a Log writes.
type Form struct {
	// Text writes lines for a person instead of JSON.
	Text bool
	// Colour colours the text; the caller knows whether the writer is a terminal
	// and whether NO_COLOR forbids it.
	Colour bool
	// Level is the lowest level that is written; allowed and refused decisions
	// have Info, those that could not be made Warn.
	Level slog.Level
}

// NewLog starts a Log that writes to w. Close it to write what is left; w stays
// open.
func NewLog(w io.Writer, f Form) *Log {
	l := &Log{text: f.Text, colour: f.Text && f.Colour}
	l.level.Set(f.Level)
	l.lines.New = func() any { return &scratch{buf: make([]byte, 0, 512)} }
	l.outcomes = outcomes()
	l.sink = newSink(w, l.lostLine)
	l.logger = slog.New(l.handler(l.sink))
	return l
}

func (l *Log) handler(w io.Writer) slog.Handler {
	w = masking{w}
	if l.text {
		return &textHandler{w: w, colour: l.colour, level: &l.level}
	}
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: &l.level})
}

// SetLevel changes the lowest level that is written.
func (l *Log) SetLevel(level slog.Level) { l.level.Set(level) }

// Logger is for everything that is not a decision.
func (l *Log) Logger() *slog.Logger { return l.logger }

// Decision writes the line of d, with the true reason and the one that was
// shown. It formats at once, so r and d may change after it returns.
func (l *Log) Decision(r *gate401.Request, d *gate401.Decision) {
	x := line{r: r, d: d, level: slog.LevelInfo}
	if !d.Allow && !d.Preflight {
		code := d.Reason()
		if x.outcome = l.outcomes[code]; x.outcome == nil {
			x.outcome = newOutcome(code)
		}
		if code == reason.CheckFailed {
			x.level = slog.LevelWarn
		}
	}
	if x.level < l.level.Level() {
		return
	}
	p := l.lines.Get().(*scratch)
	b := p.buf[:0]
	if l.text {
		b = x.appendText(b, l.colour)
	} else {
		b = x.appendJSON(b, &p.clock)
	}
	_, _ = l.sink.Write(mask(b))
	p.buf = b
	l.lines.Put(p)
}

// scratch is what one line is written with.
type scratch struct {
	buf   []byte
	clock clock
}

// lostLine is what the log says after it lost lines.
func (l *Log) lostLine(n uint64) []byte {
	var b buffer
	slog.New(l.handler(&b)).Error("log lines lost", "count", n, "waited", sinkStall.Round(time.Second).String())
	return b
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// Flush returns when everything logged so far is written.
func (l *Log) Flush() error { return l.sink.Flush() }

// Close writes everything and stops. Events that come later are written at once.
func (l *Log) Close() error { return l.sink.Close() }
