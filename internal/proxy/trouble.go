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
	retry               int // seconds to wait; 0 where waiting does not help
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
	const again = " Send the same request again later."
	const theirs = " Sending the request again does not help before its operator has corrected it."
	switch kind {
	case upstream.NameUnknown:
		t.title, t.detail = "The service has no address", "The name of the service behind this gate is not known."+theirs
	case upstream.Unreachable:
		t.title, t.detail, t.retry = "The service cannot be reached", "The service behind this gate cannot be reached."+again, 5
	case upstream.TLSFailed:
		t.title, t.detail = "The service cannot be trusted", "The service behind this gate did not prove who it is."+theirs
	case upstream.Timeout:
		t.status, t.title, t.detail = http.StatusGatewayTimeout, "The service did not answer in time", "The service behind this gate did not answer in time."+again
	case upstream.TooLarge:
		t.title, t.detail = "The answer of the service is too large", "The fields of the answer of the service behind this gate are too large to be passed on."+theirs
	case upstream.Busy:
		t.status, t.title, t.detail, t.retry = http.StatusServiceUnavailable, "The service is busy", "The service behind this gate has as much to do as it may."+again, 1
	case upstream.Down:
		t.status, t.title, t.detail, t.retry = http.StatusServiceUnavailable, "The service is down", "No server of the service behind this gate is well."+again, 10
	case upstream.Broken:
		t.title, t.detail = "The service broke off", "The service behind this gate ended the connection before it answered. Whether it did what was asked is not known."
	default:
		t.title, t.detail = "The service did not answer in HTTP", "What the service behind this gate answered is not what HTTP allows."+theirs
	}
	return t, target
}

// bodyTooLarge is for what is known to be too long before it is read, and for
// what turns out to be.
func bodyTooLarge() trouble {
	return trouble{status: http.StatusRequestEntityTooLarge, code: "body-too-large", title: "Content Too Large",
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
		`</style></head><body><main><p class="status">` + strconv.Itoa(t.status) + ` ` + http.StatusText(t.status) + `</p><h1>` + title +
		`</h1><p class="lead">` + html.EscapeString(t.detail) + `</p>`)
	if wait := strconv.Itoa(t.retry) + " seconds"; t.retry > 0 {
		if t.retry == 1 {
			wait = "a second"
		}
		b.WriteString(`<p class="lead">Try again in ` + wait + `.</p>`)
	}
	b.WriteString(`<dl><dt>Code</dt><dd><code>` + html.EscapeString(t.code) +
		`</code></dd><dt>Request</dt><dd><code>` + html.EscapeString(requestID) + `</code></dd></dl></main></body></html>` + "\n")
	return []byte(b.String())
}
