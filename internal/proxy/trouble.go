package proxy

import (
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/plainpage"
	"github.com/gate401/gate401/internal/upstream"
)

// trouble is an answer of the gate in place of the upstream's. It is no refusal,
// and names no entry of the catalogue.
type trouble struct {
	status              int
	code, title, detail string
	again               bool // to send the same request again may help
	theirs              bool // only who runs the service can help
	retry               int  // seconds to wait; 0 where nobody knows
}

// advice is what a program is told to do.
func (t trouble) advice() string {
	switch {
	case t.again:
		return t.detail + " Send the same request again later."
	case t.theirs:
		return t.detail + " Sending the request again does not help before its operator has corrected it."
	}
	return t.detail
}

// hint is the same for a person, who has a browser.
func (t trouble) hint() string {
	switch {
	case t.retry == 1:
		return "Try again in a second."
	case t.retry > 0:
		return "Try again in " + strconv.Itoa(t.retry) + " seconds."
	case t.again:
		return "Try again in a while."
	case t.theirs:
		return "Trying again does not help yet. Whoever runs the service finds the cause by the request below."
	}
	return ""
}

// phrase is the recommended one of the status (RFC 9110 section 15), which
// net/http has in an older wording for one.
func phrase(status int) string {
	if status == http.StatusRequestEntityTooLarge {
		return "Content Too Large"
	}
	return http.StatusText(status)
}

// troubleOf tells what to say when the upstream failed. What went wrong in
// detail, addresses among it, is for the log only.
func troubleOf(err error) (t trouble, target string) {
	kind := upstream.KindOf(err)
	var failure *upstream.Failure
	if errors.As(err, &failure) {
		target = failure.Target
	}
	t = trouble{status: http.StatusBadGateway, code: string(kind)}
	switch kind {
	case upstream.NameUnknown:
		t.title, t.detail, t.theirs = "The service has no address", "The name of the service behind this gate is not known.", true
	case upstream.Unreachable:
		t.title, t.detail, t.again, t.retry = "The service cannot be reached", "The service behind this gate cannot be reached.", true, 5
	case upstream.TLSFailed:
		t.title, t.detail, t.theirs = "The service cannot be trusted", "The service behind this gate did not prove who it is.", true
	case upstream.Timeout:
		t.status, t.title, t.detail, t.again = http.StatusGatewayTimeout, "The service did not answer in time", "The service behind this gate did not answer in time.", true
	case upstream.TooLarge:
		t.title, t.detail, t.theirs = "The answer of the service is too large", "The fields of the answer of the service behind this gate are too large to be passed on.", true
	case upstream.Busy:
		t.status, t.title, t.detail, t.again, t.retry = http.StatusServiceUnavailable, "The service is busy", "The service behind this gate has as much to do as it may.", true, 1
	case upstream.Down:
		t.status, t.title, t.detail, t.again, t.retry = http.StatusServiceUnavailable, "The service is down", "No server of the service behind this gate is well.", true, 10
	case upstream.Broken:
		t.title, t.detail = "The service broke off", "The service behind this gate ended the connection before it answered. Whether it did what was asked is not known."
	default:
		t.title, t.detail, t.theirs = "The service did not answer in HTTP", "What the service behind this gate answered is not what HTTP allows.", true
	}
	return t, target
}

// bodyTooLarge is for what is known to be too long before it is read, and for
// what turns out to be.
func bodyTooLarge() trouble {
	return trouble{status: http.StatusRequestEntityTooLarge, code: "body-too-large", title: "The request is too large",
		detail: "The body of the request is too long. Send less."}
}

// byGate marks what the gate answered, as refusals do.
var byGate = []string{"gate"}

// watched tells whether a person looks at the answer (Fetch Metadata, else what
// the client accepts).
func watched(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	}
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	page, data := strings.Index(accept, "text/html"), strings.Index(accept, "json")
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && page >= 0 && (data < 0 || page < data)
}

// pagePolicy is computed once.
var pagePolicy = []string{plainpage.Policy()}

// page is what a person reads; it looks as a refusal does.
func (t trouble) page(requestID string) []byte {
	var b strings.Builder
	title := html.EscapeString(t.title)
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>` + strconv.Itoa(t.status) + ` ` + title + `</title><style>` + plainpage.Style +
		`</style></head><body><main><p class="status">` + strconv.Itoa(t.status) + ` ` + phrase(t.status) + `</p><h1>` + title +
		`</h1><p class="lead">` + html.EscapeString(t.detail) + `</p>`)
	if hint := t.hint(); hint != "" {
		b.WriteString(`<p class="lead">` + hint + `</p>`)
	}
	b.WriteString(`<dl><dt>Code</dt><dd><code>` + html.EscapeString(t.code) +
		`</code></dd><dt>Request</dt><dd><code>` + html.EscapeString(requestID) + `</code></dd></dl></main></body></html>` + "\n")
	return []byte(b.String())
}
