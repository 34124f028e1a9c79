package journal

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// HAR is the entries as an HTTP Archive 1.2, as the tools of browsers export and
// import it. With redact the secrets are replaced: credentials in fields,
// cookies, queries and bodies that are known to hold them, and whatever looks
// like a token. What the format has no place for (the scenario, the reason, the
// fault) is in the member _gate401 of an entry.
func HAR(entries []Entry, redact bool) ([]byte, error) {
	doc := harFile{harLog{
		Version: "1.2",
		Creator: harCreator{Name: "gate401 mock", Version: "1"},
		Pages:   []struct{}{},
		Entries: make([]harEntry, 0, len(entries)),
	}}
	for i := range entries {
		e := &entries[i]
		if redact {
			e = redacted(e)
		}
		doc.Log.Entries = append(doc.Log.Entries, harOf(e))
	}
	return json.Marshal(doc)
}

type (
	harFile struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Pages   []struct{} `json:"pages"`
		Entries []harEntry `json:"entries"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harEntry struct {
		Started    time.Time   `json:"startedDateTime"`
		Time       float64     `json:"time"` // milliseconds
		Request    harRequest  `json:"request"`
		Response   harResponse `json:"response"`
		Cache      struct{}    `json:"cache"`
		Timings    harTimings  `json:"timings"`
		Connection string      `json:"connection,omitempty"`
		Own        harOwn      `json:"_gate401"`
	}
	harOwn struct {
		ID       int64  `json:"id"`
		Session  string `json:"session,omitempty"`
		Scenario string `json:"scenario,omitempty"`
		Endpoint string `json:"endpoint,omitempty"`
		Reason   string `json:"reason,omitempty"`
		Fault    string `json:"fault,omitempty"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harRequest struct {
		Method      string      `json:"method"`
		URL         string      `json:"url"`
		HTTPVersion string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []harPair   `json:"headers"`
		QueryString []harPair   `json:"queryString"`
		PostData    *harPost    `json:"postData,omitempty"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int         `json:"bodySize"`
	}
	harResponse struct {
		Status      int         `json:"status"`
		StatusText  string      `json:"statusText"`
		HTTPVersion string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []harPair   `json:"headers"`
		Content     harContent  `json:"content"`
		RedirectURL string      `json:"redirectURL"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int         `json:"bodySize"`
		Error       string      `json:"_error,omitempty"` // as Chrome writes it
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPost struct {
		MimeType string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
		Encoding string    `json:"encoding,omitempty"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"`
	}
	harCookie struct {
		Name     string `json:"name"`
		Value    string `json:"value"`
		Path     string `json:"path,omitempty"`
		Domain   string `json:"domain,omitempty"`
		Expires  string `json:"expires,omitempty"`
		HTTPOnly bool   `json:"httpOnly"`
		Secure   bool   `json:"secure"`
		SameSite string `json:"sameSite,omitempty"`
	}
)

func harOf(e *Entry) harEntry {
	took := max(float64(e.Took)/float64(time.Millisecond), 0)
	out := harEntry{
		Started: e.Time.UTC(),
		Time:    took,
		Timings: harTimings{Wait: took},
		Own: harOwn{ID: e.ID, Session: e.Session, Scenario: e.Scenario, Endpoint: e.Endpoint,
			Reason: string(e.Reason), Fault: e.Fault},
		Connection: port(e.Client),
		Request: harRequest{
			Method: text(e.Method), URL: address(e), HTTPVersion: text(e.Proto),
			Cookies: []harCookie{}, Headers: pairs(e.Header), QueryString: query(e.Target),
			HeadersSize: -1, BodySize: len(e.Body),
		},
		Response: harResponse{
			Status: e.Status, StatusText: http.StatusText(e.Status), HTTPVersion: text(e.Proto),
			Cookies: []harCookie{}, Headers: pairs(e.ResponseHeader),
			RedirectURL: text(e.ResponseHeader.Get("Location")), HeadersSize: -1, BodySize: len(e.ResponseBody),
		},
	}
	// Browsers show Host as a field; net/http keeps it apart.
	if e.Host != "" {
		out.Request.Headers = append([]harPair{{"Host", text(e.Host)}}, out.Request.Headers...)
	}
	for _, c := range (&http.Request{Header: e.Header}).Cookies() {
		out.Request.Cookies = append(out.Request.Cookies, harCookie{Name: text(c.Name), Value: text(c.Value)})
	}
	for _, c := range (&http.Response{Header: e.ResponseHeader}).Cookies() {
		out.Response.Cookies = append(out.Response.Cookies, cookie(c))
	}
	if len(e.Body) > 0 {
		body, encoding := content(e.Body)
		out.Request.PostData = &harPost{MimeType: text(e.Header.Get("Content-Type")), Params: []harPair{}, Text: body, Encoding: encoding}
	}
	out.Response.Content = harContent{Size: len(e.ResponseBody), MimeType: text(e.ResponseHeader.Get("Content-Type"))}
	out.Response.Content.Text, out.Response.Content.Encoding = content(e.ResponseBody)
	if e.Status == 0 {
		out.Response.Error = "net::ERR_EMPTY_RESPONSE"
		if len(e.ResponseBody) > 0 {
			out.Response.Error = "net::ERR_INVALID_HTTP_RESPONSE"
		}
	}
	return out
}

// port is that of the client, which tells connections apart.
func port(client string) string {
	return text(client[strings.LastIndexByte(client, ':')+1:])
}

// address is the whole URL of a request.
func address(e *Entry) string {
	if !strings.HasPrefix(e.Target, "/") { // absolute-form, or "*"
		if u, err := url.Parse(e.Target); err == nil && u.IsAbs() {
			return text(e.Target)
		}
	}
	scheme := "http"
	if e.TLS {
		scheme = "https"
	}
	host := e.Host
	if host == "" {
		host = "localhost"
	}
	return text(scheme + "://" + host + "/" + strings.TrimPrefix(e.Target, "/"))
}

// pairs are fields in the order of their names: a map has none of its own.
func pairs(h http.Header) []harPair {
	out := []harPair{}
	for name, values := range h {
		for _, v := range values {
			out = append(out, harPair{text(name), text(v)})
		}
	}
	slices.SortStableFunc(out, func(a, b harPair) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func query(target string) []harPair {
	out := []harPair{}
	_, raw, _ := strings.Cut(target, "?")
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, harPair{text(unescaped(name)), text(unescaped(value))})
	}
	return out
}

// unescaped is s as it is where it cannot be decoded: it was sent so.
func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func cookie(c *http.Cookie) harCookie {
	out := harCookie{Name: text(c.Name), Value: text(c.Value), Path: text(c.Path), Domain: text(c.Domain), HTTPOnly: c.HttpOnly, Secure: c.Secure}
	if !c.Expires.IsZero() {
		out.Expires = c.Expires.UTC().Format(time.RFC3339)
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
		out.SameSite = "Lax"
	case http.SameSiteStrictMode:
		out.SameSite = "Strict"
	case http.SameSiteNoneMode:
		out.SameSite = "None"
	default:
	}
	return out
}

// content is a body as text, in base64 where it is none.
func content(b []byte) (s, encoding string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return base64.StdEncoding.EncodeToString(b), "base64"
}

// text is what JSON can hold. Field values are octets: those that are not UTF-8
// are read as ISO-8859-1.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return string(out)
}

// mediaType is that of a body, in lower case and without parameters.
func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}
