package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
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

// TestBrowser owns the one browser and the one demo that all of its parts use.
func TestBrowser(t *testing.T) {
	b := startBrowser(t, need(t, "chromium", "chromium"))
	p, c := startDemo(t)
	b.process, b.gate, b.demo = p, p.gate, c
	for _, part := range []struct {
		name string
		run  func(*testing.T, *chromium)
	}{
		{"demo", testDemoPage},
		{"demo try all", testDemoTryAll},
		{"demo by keyboard", testDemoKeyboard},
		{"demo without script", testDemoWithoutScript},
		{"refusal page", testRefusalPage},
		{"dialog", testBasicDialog},
		{"fetch", testFetch},
		{"other origins", testOtherOrigins},
		{"guide", testGuide},
		{"guide links", testGuideLinks},
		{"accessibility", testAccessibility},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b) })
	}
}

// chromium is Debian's Chromium, cut off from everything but this machine.
type chromium struct {
	ctx     context.Context
	process *process // the demo
	gate    string
	demo    credentials
}

// The two origins of other pages. Both lead to a server of this test: an origin
// has to be the real one, or the browser would not apply what it is to prove.
const (
	listedOrigin   = "https://app.example.com"
	unlistedOrigin = "https://elsewhere.example"
)

func startBrowser(t *testing.T, path string) *chromium {
	t.Helper()
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Another origin</title>`)
	}))
	t.Cleanup(other.Close)
	_, port, err := net.SplitHostPort(other.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for _, origin := range []string{listedOrigin, unlistedOrigin} {
		hosts = append(hosts, "MAP "+strings.TrimPrefix(origin, "https://")+":443 127.0.0.1:"+port)
	}
	hosts = append(hosts, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1")
	// The context of the test ends before its cleanup, which closes the browser.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("password-store", "basic"),
		chromedp.Flag("host-resolver-rules", strings.Join(hosts, ", ")),
		chromedp.IgnoreCertErrors,
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
	})
	return &chromium{ctx: ctx}
}

// tab is one page with a profile of its own: no cookie, no password and no
// cached file of another part.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	console  []string // errors and warnings
	requests []string // addresses of everything that was asked for
}

// tab opens one for the time of the test.
func (b *chromium) tab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	p := &tab{t: t}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	call(p, network.Enable, network.EnableParams{})
	p.size(desktop)
	p.scheme("light")
	return p
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.console = append(p.console, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			said := string(e.Type)
			for _, arg := range e.Args {
				said += " " + string(arg.Value)
			}
			p.console = append(p.console, said)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.console = append(p.console, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

// clean demands that nothing was said in the console and nothing asked of
// another origin.
func (p *tab) clean(origin string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.console {
		p.t.Errorf("in the console: %s", line)
	}
	for _, url := range p.requests {
		if !strings.HasPrefix(url, origin+"/") {
			p.t.Errorf("asked of another origin: %s", url)
		}
	}
	if len(p.requests) == 0 {
		p.t.Error("no request was seen at all")
	}
}

// open loads a page and returns the status of its answer.
func (p *tab) open(url string) int64 {
	p.t.Helper()
	res, err := chromedp.Run(p.ctx, chromedp.NavigateResponse(url))
	if err != nil {
		p.t.Fatalf("opening %s: %v", url, err)
	}
	if res == nil { // only the fragment changed
		return 0
	}
	return res.Status
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// js evaluates an expression in the page, and waits for it if it is a promise.
func js[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait comes back when the expression is true.
func (p *tab) wait(expression string) {
	p.t.Helper()
	for range 1500 {
		if js[bool](p, "!!("+expression+")") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("never true: %s", expression)
}

// call runs a command of the protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}

type size struct {
	name          string
	width, height int64
	mobile        bool
}

var (
	phone   = size{"phone", 390, 844, true}
	desktop = size{"desktop", 1280, 900, false}
)

func (p *tab) size(s size) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.mobile,
	})
}

// scheme sets what the reader prefers, light or dark, and no motion: what moves
// while it is clicked at is missed.
func (p *tab) scheme(name string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// quoted is s as JavaScript writes it.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// axeSource is the accessibility checker as npm ci has put it there.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("browser/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("missing component axe-core: npm ci in e2e/browser")
		}
		t.Skip("axe-core is not there: npm ci in e2e/browser")
	}
	return string(source)
}
