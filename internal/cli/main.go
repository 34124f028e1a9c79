package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/explain"
)

// The exit statuses.
const (
	ExitOK       = 0 // fine
	ExitProblems = 1 // problems were found, or it was refused
	ExitUsage    = 2 // wrong use
	ExitUntested = 3 // it could not be tested
)

// Streams is what a command line is connected to.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Env looks up a variable of the environment; nil means os.Getenv.
	Env func(string) string
	// Version is what "gate401 version" says; empty means "dev".
	Version string
	// Commit and Date say from which sources it was made; empty means what the
	// Go toolchain noted.
	Commit, Date string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Hangup receives SIGHUP: a gate reads its configuration again, everything
	// else ends in order. Nil for never.
	Hangup <-chan os.Signal
}

// app is one run of one command line.
type app struct {
	Streams
	style explain.Style // of standard output
	wide  bool          // standard output is no terminal: lines need not end
	// helpless is why there was no help; the library ends well all the same.
	helpless error
	// reload receives the hangups of a command that does not end at them.
	reload atomic.Pointer[chan os.Signal]
}

// Main runs one command line, without the name of the program, and returns the
// exit status. It returns early when ctx ends.
func Main(ctx context.Context, args []string, std Streams) int {
	a := newApp(std)
	ctx, done := a.untilHangup(ctx)
	defer done()
	root := a.root()
	root.SetArgs(dashed(args))
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.helpless
	}
	return a.finish(err)
}

func newApp(std Streams) *app {
	a := &app{Streams: std}
	if a.Env == nil {
		a.Env = os.Getenv
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Version == "" {
		a.Version = "dev"
	}
	a.wide = !isTerminal(a.Out)
	a.style = explain.Style{Color: a.color(a.Out), Width: width(a.Out)}
	return a
}

// color follows NO_COLOR (no-color.org): any value but the empty one switches
// colours off.
func (a *app) color(w io.Writer) bool {
	return isTerminal(w) && a.Env("NO_COLOR") == "" && a.Env("TERM") != "dumb"
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// failure is an error that knows how the program ends and what would help.
type failure struct {
	err    error
	status int
	hints  []string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail makes an error that ends the program with the status.
func fail(status int, err error, hints ...string) error {
	return &failure{err, status, hints}
}

func usagef(hint, format string, args ...any) error {
	f := &failure{err: fmt.Errorf(format, args...), status: ExitUsage}
	if hint != "" {
		f.hints = []string{hint}
	}
	return f
}

// found ends the program with ExitProblems and says nothing more: the report
// has said it.
type found struct{}

func (found) Error() string { return "problems were found" }

// finish prints an error in the voice of the program and returns the status.
func (a *app) finish(err error) int {
	var quiet found
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &quiet):
		return ExitProblems
	}
	status, hints := ExitProblems, hintsFor(err)
	var f *failure
	if errors.As(err, &f) {
		status = f.status
		if len(f.hints) > 0 {
			hints = f.hints
		}
	}
	errStyle := explain.Style{Color: a.color(a.Err)}
	var faults config.Faults
	if errors.As(err, &faults) {
		fmt.Fprint(a.Err, faults.Detail())
		fmt.Fprintf(a.Err, "gate401: %s %s\n", errStyle.Red("error:"), counted(len(faults), "fault in the configuration", "faults in the configuration"))
	} else {
		fmt.Fprintf(a.Err, "gate401: %s %s\n", errStyle.Red("error:"), strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	for _, hint := range hints {
		fmt.Fprintf(a.Err, "gate401: hint: %s\n", hint)
	}
	return status
}

// say states a fact on standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.Err, "gate401: "+format+"\n", args...)
}

// print writes a result.
func (a *app) print(text string) { fmt.Fprint(a.Out, text) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
