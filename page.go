package gate401

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401/reason"
)

// pagePolicy lets the page use its own style and nothing else: no script, no
// frame, no request to anywhere.
func pagePolicy() []string {
	sum := sha256.Sum256([]byte(pageStyle))
	return []string{"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
}

// page writes a refusal for a person: what happened, what to do, and the
// request id to quote when asking for help. It shows nothing that the JSON
// would not.
func (p *Responder) page(w http.ResponseWriter, r *Request, info reason.Info) {
	h := w.Header()
	h["Content-Type"] = htmlUTF8
	h["Content-Security-Policy"] = p.pagePolicy
	h["Referrer-Policy"] = noReferrer
	var b strings.Builder
	b.Grow(4096)
	title := html.EscapeString(info.Title)
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>`)
	b.WriteString(strconv.Itoa(info.Status) + " " + title)
	b.WriteString(`</title><style>` + pageStyle + `</style></head><body><main><p class="status">`)
	b.WriteString(strconv.Itoa(info.Status) + " " + html.EscapeString(http.StatusText(info.Status)))
	b.WriteString(`</p><h1>` + title + `</h1><p class="lead">` + html.EscapeString(info.FixUser) + `</p>`)
	if wait := h.Get("Retry-After"); wait != "" && info.Status == http.StatusTooManyRequests {
		b.WriteString(`<p class="lead">Try again in ` + html.EscapeString(inWords(wait)) + `.</p>`)
	}
	b.WriteString(`<p><a class="more" href="` + html.EscapeString(p.problems+string(info.Code)) + `">What this means</a>`)
	if p.Support != "" {
		b.WriteString(` <a class="more" href="` + html.EscapeString(p.Support) + `">Ask for help</a>`)
	}
	b.WriteString(`</p><dl><dt>Reason</dt><dd><code>` + html.EscapeString(string(info.Code)) + `</code></dd>`)
	b.WriteString(`<dt>Request</dt><dd><code>` + html.EscapeString(r.ID) + `</code></dd></dl></main></body></html>` + "\n")
	body := b.String()
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(info.Status)
	_, _ = w.Write([]byte(body))
}

// inWords turns seconds into what a person says.
func inWords(seconds string) string {
	n, err := strconv.Atoi(seconds)
	switch {
	case err != nil:
		return "a while"
	case n == 1:
		return "a second"
	case n < 120:
		return seconds + " seconds"
	case n < 2*3600:
		return strconv.Itoa((n+59)/60) + " minutes"
	}
	return strconv.Itoa((n+3599)/3600) + " hours"
}

// pageStyle follows the reader's colour scheme and text size.
const pageStyle = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--bg:#f7f7f5;--card:#fff;--line:#dcdad5;--accent:#9a3412}` +
	`@media(prefers-color-scheme:dark){:root{--ink:#e7e9ec;--soft:#a2abb6;--bg:#101214;--card:#181b1f;--line:#2c3137;--accent:#fdba74}}` +
	`*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--ink);` +
	`font:1rem/1.55 system-ui,sans-serif}main{width:min(34rem,100%);background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,5vw,2.25rem)}` +
	`.status{margin:0;color:var(--accent);font-weight:600}h1{margin:.2rem 0 .8rem;font-size:clamp(1.4rem,5vw,1.9rem);line-height:1.2;text-wrap:balance}.lead{margin:0 0 1.1rem}` +
	`.more{color:inherit;text-decoration-color:var(--accent);text-underline-offset:.2em;margin-right:1rem}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1.4rem 0 0;padding-top:1rem;` +
	`border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}code{font-family:ui-monospace,monospace}`
