package watch

import (
	"io"
	"log/slog"

	"github.com/gate401/gate401"
)

// Watch is the log and the traces behind one Observe.
type Watch struct {
	Log    *Log
	Traces *Traces
}

// Options of New.
type Options struct {
	Form Form
	// MaxTraces is how many refusals are kept; 0 means DefaultTraces, below 0
	// none.
	MaxTraces int
	// Places are where credentials may be; zero means DefaultPlaces.
	Places Places
}

// New starts a Watch that logs to w.
func New(w io.Writer, o Options) *Watch {
	return &Watch{Log: NewLog(w, o.Form), Traces: &Traces{Max: o.MaxTraces, Places: o.Places}}
}

// Observe is for gate401.Gate.Observe.
func (w *Watch) Observe(r *gate401.Request, d *gate401.Decision) {
	// The trace first: whoever reads the line can then find it.
	w.Traces.Record(r, d)
	w.Log.Decision(r, d)
}

// Logger is for everything that is not a decision.
func (w *Watch) Logger() *slog.Logger { return w.Log.Logger() }

// Close writes what is left of the log.
func (w *Watch) Close() error { return w.Log.Close() }
