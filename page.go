package gate401

import (
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/plainpage"
	"github.com/gate401/gate401/reason"
)

// page writes a refusal for a person: what happened, what to do, and the
// request id to quote when asking for help. It shows nothing that the JSON
// would not.
func (p *Responder) page(w http.ResponseWriter, r *Request, info reason.Info, who, other string) {
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
	b.WriteString(`</title><style>` + plainpage.Style + `</style></head><body><main><p class="status">`)
	b.WriteString(strconv.Itoa(info.Status) + " " + html.EscapeString(http.StatusText(info.Status)))
	b.WriteString(`</p><h1>` + title + `</h1><p class="lead">` + html.EscapeString(info.FixUser) + `</p>`)
	if wait := h.Get("Retry-After"); wait != "" && info.Status == http.StatusTooManyRequests {
		b.WriteString(`<p class="lead">Try again in ` + html.EscapeString(inWords(wait)) + `.</p>`)
	}
	b.WriteString(`<p><a class="more" href="` + html.EscapeString(p.problems+string(info.Code)) + `">What this means</a>`)
	if other != "" {
		b.WriteString(` <a class="more" href="` + html.EscapeString(other) + `">Log in as somebody else</a>`)
	}
	if p.Support != "" {
		b.WriteString(` <a class="more" href="` + html.EscapeString(p.Support) + `">Ask for help</a>`)
	}
	b.WriteString(`</p><dl>`)
	if who != "" {
		b.WriteString(`<dt>Logged in as</dt><dd>` + html.EscapeString(who) + `</dd>`)
	}
	b.WriteString(`<dt>Reason</dt><dd><code>` + html.EscapeString(string(info.Code)) + `</code></dd>`)
	b.WriteString(`<dt>Request</dt><dd><code>` + html.EscapeString(r.ID) + `</code></dd></dl></main></body></html>` + "\n")
	body := b.String()
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(info.Status)
	_, _ = w.Write([]byte(body))
}

// switching is where somebody who is logged in with a browser, and may not see
// what was asked for, can log in as somebody else, and who they are; empty for
// nowhere, and where no name is known.
func (p *Responder) switching(r *Request, d *Decision) (who, other string) {
	if p.Switch == "" || d.Status() != http.StatusForbidden || d.Method() != "session" || d.Reason() == reason.CSRFFailed {
		return "", ""
	}
	if d.Identity != nil && d.Identity.Issuer == "" {
		who = d.Identity.Subject // that of a provider is no name that a person knows
	}
	to := r.Path
	if r.URL != nil && r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return who, p.Switch + "?return_to=" + url.QueryEscape(to)
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
