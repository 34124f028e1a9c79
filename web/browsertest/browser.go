package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Browser is a Chromium that is closed at the end of the test.
type Browser struct {
	ctx context.Context //nolint:containedctx // chromedp keeps its browser in one
}

// Start starts the browser.
func Start(t *testing.T) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("missing component chromium: apt-get install chromium")
	}
	// The context of the test ends before its cleanup, which closes the browser.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("password-store", "basic"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
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

// axeSource is the accessibility checker as npm ci has put it there; "" if it is
// not.
func axeSource(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		source, readErr := os.ReadFile(filepath.Join(dir, "e2e/browser/node_modules/axe-core/axe.min.js"))
		if readErr == nil {
			return string(source)
		}
		up := filepath.Dir(dir)
		if up == dir || !errors.Is(readErr, os.ErrNotExist) {
			break
		}
		dir = up
	}
	if strings.EqualFold(os.Getenv("CI"), "true") {
		t.Fatal("missing component axe-core: npm ci in e2e/browser")
	}
	return ""
}
