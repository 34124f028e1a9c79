package capture

import (
	"net/url"
	"time"
)

// Capture is everything that was read from one source.
type Capture struct {
	// Source says where it comes from, for people: "curl command", "HAR of
	// Chromium 131", ...
	Source string
	// Exchanges in the order in which they were made.
	Exchanges []Exchange
	// Notes are about the source itself, such as an option that has no meaning
	// here.
	Notes []Note
	// Misprint is the first character of a command that its shell does not take
	// for what was meant; nil if there is none.
	Misprint *Misprint
}

// Exchange is one request and what came back.
type Exchange struct {
	Request Request
	// Response is nil where none is known: nothing was sent yet, or the source
	// has none.
	Response *Response
	// Started is when the request was sent, by the clock of the client; zero if
	// unknown.
	Started time.Time
	// Took is how long it took, 0 if unknown.
	Took time.Duration
	// Live tells that Sender made the exchange just now, so that the client's
	// clock is ours.
	Live bool
	// Notes are what the source says about the exchange that is no HTTP.
	Notes []Note
}

// Request as it was sent, or would be.
type Request struct {
	Method string
	URL    *url.URL // never nil
	Proto  string   // "HTTP/1.1", "HTTP/2", ...; empty if unknown
	Header Header
	Body   []byte
	// Incomplete tells that fields may be missing because the source leaves
	// them out: browsers export HAR files without Authorization and Cookie
	// unless asked for them.
	Incomplete bool
	// Options are what the client was told beside the fields.
	Options Options
}

// Options of a client that decide what it sends or follows.
type Options struct {
	// User is "name:password" of curl's -u and its like; what it becomes depends
	// on Auth.
	User string
	// Auth is "basic", "digest", "anyauth", "ntlm", "negotiate", "bearer",
	// "aws-sigv4", or empty.
	Auth string
	// Follow tells that redirects are followed; FollowTrusted that the
	// credentials go along to other hosts as well (--location-trusted).
	Follow, FollowTrusted bool
	// Insecure tells that certificates are not verified.
	Insecure bool
	// Proxy is the proxy's URL, empty for none.
	Proxy string
	// ProxyUser is "name:password" for the proxy.
	ProxyUser string
	// Mode and Credentials are those of fetch(), where the source knows them.
	Mode, Credentials string
}

// Response as it was received.
type Response struct {
	Proto  string
	Status int // 0: the client got none, see Exchange.Notes
	Reason string
	Header Header
	Body   []byte
	// FromCache tells that the client did not ask the server.
	FromCache bool
	// Address of the server, if known.
	Address string
}

// Field is one header field as it stood on the wire; the name keeps its
// spelling.
type Field struct{ Name, Value string }

// Header is the fields in their order.
type Header []Field

// NoteKind says what a Note is about.
type NoteKind string

// Kinds of notes.
const (
	// NoteIgnored is an option or part that was understood and has no meaning
	// here.
	NoteIgnored NoteKind = "ignored"
	// NoteUnknown is an option or part that nobody understood.
	NoteUnknown NoteKind = "unknown"
	// NoteMalformed is a part that could not be read.
	NoteMalformed NoteKind = "malformed"
	// NoteError is the client's own error: "net::ERR_...", "CORS error", ...
	NoteError NoteKind = "error"
	// NoteCookie is a cookie that the browser did not store or not send, with
	// its reason.
	NoteCookie NoteKind = "cookie"
	// NoteVariable is a variable without a value: {{token}}, $TOKEN.
	NoteVariable NoteKind = "variable"
)

// Note is something that the source says.
type Note struct {
	Kind NoteKind
	// About names the part: an option, a variable, a cookie.
	About string
	Text  string
}
