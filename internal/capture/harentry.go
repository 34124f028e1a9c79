package capture

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// harEntry has what matters of an entry. Members that begin with an underscore
// are those of the programs that write them.
type harEntry struct {
	Started  string  `json:"startedDateTime"`
	Time     float64 `json:"time"`
	Address  string  `json:"serverIPAddress"`
	Request  harRequest
	Response *harResponse
	// FromCache is of Chromium: "memory" or "disk".
	FromCache string `json:"_fromCache"`
	// FetchType is of Safari: "Memory Cache", "Disk Cache", "Service Worker".
	FetchType   string       `json:"_fetchType"`
	Blocked     []harBlocked `json:"_blockedCookies"`
	BlockedSent []harBlocked `json:"_blockedRequestCookies"`
	BlockedSet  []harBlocked `json:"_blockedResponseCookies"`
}

type harRequest struct {
	Method      string       `json:"method"`
	URL         string       `json:"url"`
	HTTPVersion string       `json:"httpVersion"`
	Headers     []harField   `json:"headers"`
	Cookies     []harField   `json:"cookies"`
	PostData    *harBody     `json:"postData"`
	Blocked     []harBlocked `json:"_blockedCookies"`
}

type harResponse struct {
	Status      json.Number  `json:"status"`
	StatusText  string       `json:"statusText"`
	HTTPVersion string       `json:"httpVersion"`
	Headers     []harField   `json:"headers"`
	Cookies     []harField   `json:"cookies"`
	Content     harBody      `json:"content"`
	RedirectURL string       `json:"redirectURL"`
	Error       string       `json:"_error"`
	Blocked     []harBlocked `json:"_blockedCookies"`
}

type harField struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

type harBody struct {
	Text     string     `json:"text"`
	Encoding string     `json:"encoding"`
	Params   []harField `json:"params"`
}

// harBlocked is a cookie that was not stored or not sent, as the DevTools
// protocol tells it (Network.BlockedSetCookieWithReason and
// BlockedCookieWithReason).
type harBlocked struct {
	Reasons []string `json:"blockedReasons"`
	Line    string   `json:"cookieLine"`
	Cookie  struct {
		Name string `json:"name"`
	} `json:"cookie"`
}

func (e harEntry) exchange() Exchange {
	u, user, notes := parseURL(e.Request.URL, "http")
	if e.Request.URL == "" {
		u, notes = &url.URL{}, []Note{{NoteMalformed, "url", "the entry has no URL"}}
	}
	x := Exchange{
		Request: Request{Method: e.Request.Method, URL: u, Proto: harProto(e.Request.HTTPVersion), Header: harHeader(e.Request.Headers), Body: e.Request.body()},
		Notes:   notes, Took: time.Duration(max(0, min(e.Time, 1e9)) * float64(time.Millisecond)),
	}
	x.Request.Options.User = user
	x.Request.Options.Mode = x.Request.Header.Get("Sec-Fetch-Mode")
	if started, err := time.Parse(time.RFC3339Nano, e.Started); err == nil {
		x.Started = started
	}
	if cookies := harCookies(e.Request.Cookies); cookies != "" && !x.Request.Header.Has("Cookie") {
		x.Request.Header = append(x.Request.Header, Field{"Cookie", cookies})
	}
	if e.Response != nil {
		x.Response = e.Response.response()
		x.Response.Address = strings.Trim(e.Address, "[]")
		x.Response.FromCache = e.FromCache != "" || strings.HasSuffix(e.FetchType, "Cache")
		if e.Response.Error != "" {
			x.Notes = append(x.Notes, Note{NoteError, "_error", clean(e.Response.Error)})
		}
		if x.Response.Status == 0 {
			text := "the client got no answer, or does not show it"
			if phrase := e.Response.StatusText; phrase != "" {
				text += ": " + clean(phrase)
			}
			x.Notes = append(x.Notes, Note{NoteError, "status", text})
			if len(x.Response.Header) == 0 && len(x.Response.Body) == 0 {
				x.Response.Proto = ""
			}
		}
		x.Notes = append(x.Notes, blockedNotes(e.Response.Blocked, "not stored")...)
	}
	x.Notes = append(x.Notes, blockedNotes(e.BlockedSet, "not stored")...)
	x.Notes = append(x.Notes, blockedNotes(e.Blocked, "blocked")...)
	x.Notes = append(x.Notes, blockedNotes(e.BlockedSent, "not sent")...)
	x.Notes = append(x.Notes, blockedNotes(e.Request.Blocked, "not sent")...)
	return x
}

func blockedNotes(cookies []harBlocked, what string) []Note {
	var notes []Note
	for _, c := range cookies {
		name := c.Cookie.Name
		if name == "" {
			name, _, _ = strings.Cut(c.Line, "=")
		}
		if len(notes) < maxFields {
			notes = append(notes, Note{NoteCookie, clean(strings.TrimSpace(name)), what + ": " + clean(strings.Join(c.Reasons, ", "))})
		}
	}
	return notes
}

// harProto writes a version alike, whatever the program calls it: "h2",
// "http/2.0", "HTTP/1.1", "h3".
func harProto(v string) string {
	switch low := strings.ToLower(v); low {
	case "h2", "http/2.0", "http/2", "http/2+quic/46":
		return "HTTP/2"
	case "h3", "http/3", "http/3.0":
		return "HTTP/3"
	case "http/1.1", "http/1.0":
		return strings.ToUpper(low)
	case "", "unknown", "data", "blob":
		return ""
	}
	return clean(v)
}

// harHeader drops the pseudo fields of HTTP/2 (RFC 9113 section 8.3): the URL
// and the method say the same.
func harHeader(fields []harField) Header {
	var h Header
	for _, f := range fields {
		if f.Name == "" || strings.HasPrefix(f.Name, ":") {
			continue
		}
		// DevTools joins fields of one name by line feeds.
		for value := range strings.SplitSeq(f.text(), "\n") {
			h = append(h, Field{f.Name, value})
		}
	}
	return h
}

func (f harField) text() string {
	switch v := f.Value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func harCookies(fields []harField) string {
	var all []string
	for _, f := range fields {
		if f.Name != "" {
			all = append(all, f.Name+"="+f.text())
		}
	}
	return strings.Join(all, "; ")
}

func (r harRequest) body() []byte {
	if r.PostData == nil {
		return nil
	}
	if body := r.PostData.bytes(); len(body) > 0 {
		return body
	}
	var pairs []string
	for _, p := range r.PostData.Params {
		pairs = append(pairs, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.text()))
	}
	return []byte(strings.Join(pairs, "&"))
}

func (b harBody) bytes() []byte {
	if strings.EqualFold(b.Encoding, "base64") {
		if data, err := base64.StdEncoding.DecodeString(b.Text); err == nil {
			return data
		}
	}
	if b.Text == "" {
		return nil
	}
	return []byte(b.Text)
}

func (r harResponse) response() *Response {
	status, _ := strconv.Atoi(r.Status.String())
	out := &Response{Proto: harProto(r.HTTPVersion), Status: status, Reason: r.StatusText, Header: harHeader(r.Headers), Body: r.Content.bytes()}
	if status < 100 || status > 999 {
		out.Status = 0
	}
	if r.RedirectURL != "" && !out.Header.Has("Location") {
		out.Header = append(out.Header, Field{"Location", r.RedirectURL})
	}
	return out
}
