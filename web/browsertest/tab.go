package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is one page with a profile of its own.
type Tab struct {
	*tabState

	t *testing.T
}

// tabState is shared by the views of a tab that subtests have.
type tabState struct {
	ctx context.Context //nolint:containedctx // chromedp keeps its tab in one

	mu       sync.Mutex
	console  []string
	requests []string
}

// Tab opens one for the time of the test.
func (b *Browser) Tab(t *testing.T) *Tab {
	t.Helper()
	return open(b.ctx, t, chromedp.WithNewBrowserContext())
}

// Beside opens another tab in the profile of p: it has the same cookies, and what
// pages of one origin tell each other.
func (p *Tab) Beside() *Tab {
	p.t.Helper()
	return open(p.ctx, p.t)
}

func open(parent context.Context, t *testing.T, how ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, how...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	p := &Tab{t: t, tabState: &tabState{}}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	// A browser takes its time on a machine that has others to serve.
	p.ctx, cancel = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	Call(p, network.Enable, network.EnableParams{})
	p.Size(Desktop)
	p.Scheme("light")
	return p
}

// In is the same tab for a subtest.
func (p *Tab) In(t *testing.T) *Tab { return &Tab{tabState: p.tabState, t: t} }

func (s *tabState) listen(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		s.console = append(s.console, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			said := string(e.Type)
			for _, arg := range e.Args {
				said += " " + string(arg.Value)
			}
			s.console = append(s.console, said)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			s.console = append(s.console, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		s.requests = append(s.requests, e.Request.URL)
	}
}

// Requests lists the addresses of everything that was asked for so far.
func (p *Tab) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Console lists errors and warnings, those of the policy among them.
func (p *Tab) Console() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.console)
}

// Context is the one that chromedp knows the tab by, for what has no method here.
func (p *Tab) Context() context.Context { return p.ctx }

// Clean demands that nothing was said in the console and nothing asked of another
// origin.
func (p *Tab) Clean(origin string) {
	p.t.Helper()
	for _, line := range p.Console() {
		p.t.Errorf("in the console: %s", line)
	}
	all := p.Requests()
	for _, url := range all {
		if !strings.HasPrefix(url, origin+"/") {
			p.t.Errorf("asked of another origin: %s", url)
		}
	}
	if len(all) == 0 {
		p.t.Error("no request was seen at all")
	}
}

// Open loads a page and returns the status of its answer; 0 for a file,
// and where only the fragment changed.
func (p *Tab) Open(url string) int64 {
	p.t.Helper()
	res, err := chromedp.Run(p.ctx, chromedp.NavigateResponse(url))
	if err != nil {
		p.t.Fatalf("opening %s: %v", url, err)
	}
	if res == nil {
		return 0
	}
	return res.Status
}

// Do runs steps of chromedp.
func (p *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Submit presses a button and waits for the page that it leads to.
func (p *Tab) Submit(selector string) {
	p.t.Helper()
	if _, err := chromedp.RunResponse(p.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		p.t.Fatal(err)
	}
}

// Click clicks the element that a CSS selector finds, as a person would.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Fill gives a field a value, as pasting does.
func (p *Tab) Fill(id, value string) {
	p.t.Helper()
	JS[bool](p, fmt.Sprintf(`(() => {
		const e = document.getElementById(%s);
		e.value = %s;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, Quoted(id), Quoted(value)))
}

// JS evaluates an expression in the page, and waits for it if it is a promise.
func JS[T any](p *Tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.500s: %v", expression, err)
	}
	return v
}

// Wait comes back when the expression is true.
func (p *Tab) Wait(expression string) {
	p.t.Helper()
	for range 6000 {
		yes, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("!!("+expression+")", chromedp.EvalAwaitPromise))
		switch {
		case err != nil && !left(err):
			p.t.Fatalf("%.500s: %v", expression, err)
		case yes && err == nil:
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("never true: %s; in the console: %q", expression, p.Console())
}

// left tells whether the page went away while it was asked: the next one is asked
// then.
func left(err error) bool {
	for _, said := range []string{"navigated or closed", "context was destroyed", "Cannot find context", "Cannot find default execution context"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}

// Call runs a command of the protocol.
func Call[P, R any](p *Tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}

// Size is a window.
type Size struct {
	Name          string
	Width, Height int64
	Mobile        bool
}

// The two windows that a page is looked at in.
var (
	Phone   = Size{"phone", 390, 844, true}
	Desktop = Size{"desktop", 1280, 900, false}
)

// Size sets the window.
func (p *Tab) Size(s Size) {
	p.t.Helper()
	Call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.Width, Height: s.Height, DeviceScaleFactor: 1, Mobile: s.Mobile,
	})
}

// Scheme sets what the reader prefers, light or dark, and no motion: what moves
// while it is clicked at is missed.
func (p *Tab) Scheme(name string) {
	p.t.Helper()
	Call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Quoted is s as JavaScript writes it.
func Quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
