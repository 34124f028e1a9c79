package browsertest

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gate401/gate401/internal/component"
)

// Browser is a Chromium that is closed at the end of the test.
type Browser struct {
	ctx context.Context //nolint:containedctx // chromedp keeps its browser in one
}

// Options are what a browser is started with; the zero value is right for pages
// of this machine.
type Options struct {
	// Hosts leads names, such as app.example.com:443, to addresses of this machine,
	// such as 127.0.0.1:8443.
	Hosts map[string]string
	// IgnoreCertErrors takes any certificate.
	IgnoreCertErrors bool
	// TrustedKeys are the base64 SHA-256 of the public keys (SPKI) whose certificates
	// it takes, and no others.
	TrustedKeys []string
}

// Start starts the browser with nothing special.
func Start(t *testing.T) *Browser {
	t.Helper()
	return Options{}.Start(t)
}

// Start starts the browser.
func (o Options) Start(t *testing.T) *Browser {
	t.Helper()
	path := component.Need(t, "chromium", "chromium")
	var rules []string
	for name, address := range o.Hosts {
		rules = append(rules, "MAP "+name+" "+address)
	}
	rules = append(rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1")
	// The context of the test ends before its cleanup, which closes the browser.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("password-store", "basic"),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")),
		chromedp.Flag("ignore-certificate-errors", o.IgnoreCertErrors),
		chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(o.TrustedKeys, ",")),
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
	return &Browser{ctx: ctx}
}
