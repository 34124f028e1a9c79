// Package plainpage is how the pages look by which the gate itself tells a person
// that there is no answer: refusals, and an API that fails.
package plainpage

import (
	"crypto/sha256"
	"encoding/base64"
)

// Policy is a Content-Security-Policy that lets a page use Style and nothing
// else: no script, no frame, no request to anywhere.
func Policy() string {
	sum := sha256.Sum256([]byte(Style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// Style follows the reader's colour scheme and text size. It is the whole content
// of the page's one style element.
const Style = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--bg:#f7f7f5;--card:#fff;--line:#dcdad5;--accent:#9a3412}` +
	`@media(prefers-color-scheme:dark){:root{--ink:#e7e9ec;--soft:#a2abb6;--bg:#101214;--card:#181b1f;--line:#2c3137;--accent:#fdba74}}` +
	`*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--ink);` +
	`font:1rem/1.55 system-ui,sans-serif}main{width:min(34rem,100%);background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,5vw,2.25rem)}` +
	`.status{margin:0;color:var(--accent);font-weight:600}h1{margin:.2rem 0 .8rem;font-size:clamp(1.4rem,5vw,1.9rem);line-height:1.2;text-wrap:balance}.lead{margin:0 0 1.1rem}` +
	`.more{color:inherit;text-decoration-color:var(--accent);text-underline-offset:.2em;margin-right:1rem}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1.4rem 0 0;padding-top:1rem;` +
	`border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}code{font-family:ui-monospace,monospace}`
