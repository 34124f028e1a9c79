package browsertest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/gate401/gate401/internal/component"
)

// Look examines the page as it is, in both windows and both schemes: WCAG 2.2 AA
// as far as a program can tell, and nothing wider than the window. It keeps
// pictures for a person to look at where GATE401_PICTURES names a directory.
func (p *Tab) Look(name string) {
	p.t.Helper()
	axe := ""
	// In a part of its own, so that without it only this is skipped.
	p.t.Run("axe-core for "+name, func(t *testing.T) { axe = axeSource(t) })
	p.Wait(`document.readyState === "complete"`)
	for _, s := range []Size{Phone, Desktop} {
		for _, scheme := range []string{"light", "dark"} {
			p.Size(s)
			p.Scheme(scheme)
			if axe != "" {
				// Put in from outside, past what the policy of the page allows, and
				// each time: a page that comes late would not have it.
				if !JS[bool](p, `typeof axe === "object"`) {
					JS[chromedp.Void](p, axe)
				}
				for _, violation := range JS[[]string](p, axeRun) {
					p.t.Errorf("%s, %s, %s: %s", name, s.Name, scheme, violation)
				}
			}
			for _, wide := range JS[[]string](p, `document.scrollingElement.scrollWidth <= innerWidth ? [] :
				[...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML.slice(0, 120))`) {
				p.t.Errorf("%s, %s: wider than the window: %s", name, s.Name, wide)
			}
			p.picture(name + "-" + s.Name + "-" + scheme)
		}
	}
	p.Size(Desktop)
	p.Scheme("light")
}

// axeRun says each violation with the elements that it was found in.
const axeRun = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations"],
}).then((r) => {
	if (r.passes.length < 5) return ["axe looked at nothing"];
	return r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html + "\n" + n.failureSummary).join("\n"));
})`

func (p *Tab) picture(name string) {
	dir := os.Getenv("GATE401_PICTURES")
	if dir == "" {
		return
	}
	whole := true
	shot := Call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole})
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o600); err != nil { //nolint:gosec // the directory is the choice of who runs the test
		p.t.Fatal(err)
	}
}

// axeSource is the accessibility checker as npm ci has put it there.
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
	component.Missing(t, "axe-core", "npm ci in e2e/browser")
	return ""
}
