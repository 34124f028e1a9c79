package capture

import (
	"fmt"
	"net/url"
	"strings"
)

// Raw reads requests and responses as text: what curl -v or -i, HTTPie, wget -d
// or -S, http.client of Python, and errors of axios print, .http files, or the
// messages as they went over the wire; one or several, also only one side.
func Raw(text string) (Capture, error) {
	if len(text) > MaxText {
		return Capture{}, &SizeError{What: "text", Max: MaxText}
	}
	text = uncolored(string(UTF8([]byte(text))))
	if strings.TrimSpace(text) == "" {
		return Capture{}, ErrEmpty
	}
	file := isHTTPFile(text)
	text = asMessages(text)
	r := rawReader{marked: hasMarks(text)}
	r.lines(text)
	r.finish()
	c := Capture{Source: r.source(), Notes: r.notes}
	if r.over {
		return Capture{}, &SyntaxError{What: "text", Problem: fmt.Sprintf("more than %d messages", maxRequests), Help: "copy only those that matter"}
	}
	for _, p := range r.pairs {
		x := p.exchange()
		if file && x.Response == nil {
			c.Source = ".http file"
			x.Notes = append(x.Notes, fileVariables(x)...)
		}
		c.Exchanges = append(c.Exchanges, x)
	}
	if x, ok := failedConnection(text); ok && len(c.Exchanges) == 0 {
		c.Source, c.Notes = "output of curl -v", nil
		c.Exchanges = []Exchange{x}
	}
	if len(c.Exchanges) == 0 && strings.Contains(text, "The requested URL returned error: ") {
		return Capture{}, &SyntaxError{What: "text", Problem: "curl was told to keep the answer to itself (--fail)", Help: "leave -f out, add -i, and give what it prints"}
	}
	if len(c.Exchanges) == 0 {
		return Capture{}, &SyntaxError{
			What: "text", Problem: "there is neither a request nor a response in it",
			Help: "a request begins with a line such as \"GET /orders HTTP/1.1\", a response with one such as \"HTTP/1.1 401 Unauthorized\"; curl -v prints both",
		}
	}
	return c, nil
}

// rawReader goes through the lines and collects messages.
type rawReader struct {
	marked bool // by > < * as curl -v does
	tool   string
	pairs  []rawPair
	now    *rawMessage
	body   bool // the fields of the message are over
	fresh  bool // the last line was blank, or there was none
	secure bool
	proxy  bool
	peer   string
	port   string
	target string // what wget says that it asks for
	notes  []Note
	over   bool
}

// maxFolded bounds a value over several lines.
const maxFolded = 64 << 10

// rawPair is a request with its response; either may be missing.
type rawPair struct {
	request, response *rawMessage
	secure            bool
	partial           bool // the request is known by its URL alone
	peer, port        string
	notes             []Note
}

type rawMessage struct {
	isRequest      bool
	method, target string
	proto          string
	status         int
	reason         string
	header         Header
	body           strings.Builder
}

// hasMarks knows the output of curl -v: "> GET / HTTP/1.1".
func hasMarks(text string) bool {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "> ")
		if !ok {
			rest, ok = strings.CutPrefix(line, "< ")
		}
		if _, is := startLine(trimEnd(rest)); ok && is {
			return true
		}
	}
	return false
}

func trimEnd(line string) string { return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r") }

func (r *rawReader) lines(text string) {
	r.fresh = true
	for line := range strings.Lines(text) {
		if r.over {
			return
		}
		bare := trimEnd(line)
		if r.marked {
			r.markedLine(bare, line)
		} else {
			r.plainLine(bare, line)
		}
		r.fresh = strings.TrimSpace(bare) == ""
	}
}

// markedLine reads a line of curl -v: > is sent, < is received, * is curl
// itself, { and } are octets that it does not show; all else is the body of the
// response.
func (r *rawReader) markedLine(bare, line string) {
	mark, rest := "", bare
	if len(bare) > 0 && strings.IndexByte("<>*{}", bare[0]) >= 0 && (len(bare) == 1 || bare[1] == ' ') {
		mark, rest = bare[:1], strings.TrimPrefix(bare[1:], " ")
	}
	switch mark {
	case "*":
		r.said(rest)
		return
	case "{", "}":
		if strings.HasPrefix(rest, "[") {
			return
		}
	case ">", "<":
		if m, ok := startLine(rest); ok && m.isRequest == (mark == ">") {
			r.begin(m)
			return
		}
		if r.now != nil && !r.body && r.now.isRequest == (mark == ">") {
			r.field(rest)
			return
		}
		if strings.TrimSpace(rest) == "" {
			return
		}
	}
	if strings.Contains(bare, "--:--:--") {
		return // the progress meter
	}
	if r.now != nil && r.body && !r.now.isRequest {
		r.now.body.WriteString(line)
	} else if m, ok := startLine(bare); ok && !m.isRequest {
		// curl -v -i writes the fields once more without marks.
		if r.now == nil || r.now.isRequest {
			r.begin(m)
		}
	}
}

// said reads what curl says about the connection.
func (r *rawReader) said(text string) {
	r.tool = "curl -v"
	switch {
	case strings.HasPrefix(text, "SSL connection using"), strings.HasPrefix(text, "ALPN"):
		r.secure = true
	case strings.HasPrefix(text, "Connected to "), strings.HasPrefix(text, "Established connection to "):
		r.secure = false
		if _, after, ok := strings.Cut(text, "("); ok {
			r.peer, after, _ = strings.Cut(after, ")")
			// newer ones write (192.0.2.1 port 443)
			if ip, port, ok := strings.Cut(r.peer, " port "); ok {
				r.peer, after = ip, " port "+port
			}
			if r.port = strings.TrimPrefix(after, " port "); len(r.port) > 5 {
				r.port, _, _ = strings.Cut(r.port, " ")
			}
		}
	case strings.HasPrefix(text, "Uses proxy"), strings.HasPrefix(text, "CONNECT tunnel established"):
		r.proxy = true
	case strings.HasPrefix(text, "Re-using existing connection"):
	case strings.Contains(text, "Could not resolve"), strings.Contains(text, "Failed to connect"), strings.Contains(text, "refused"),
		strings.Contains(text, "timed out"), strings.Contains(text, "SSL certificate problem"), strings.Contains(text, "Empty reply"):
		r.note(Note{NoteError, "curl", clean(text)})
	}
}

func (r *rawReader) note(n Note) {
	if len(r.pairs) > 0 {
		if p := &r.pairs[len(r.pairs)-1]; len(p.notes) < maxFields {
			p.notes = append(p.notes, n)
		}
	} else if len(r.notes) < maxFields {
		r.notes = append(r.notes, n)
	}
}

// plainLine reads a line of messages without marks.
func (r *rawReader) plainLine(bare, line string) {
	switch strings.TrimSpace(bare) {
	case "---request begin---", "---response begin---":
		r.tool, r.now = "wget -d", nil
		return
	case "---request end---", "---response end---":
		r.now = nil // what follows is wget's own talk
		return
	case "###":
		r.now = nil // between requests of an .http file
		return
	}
	if u, ok := wgetURL(bare); ok {
		r.target, r.now = u, nil
		return
	}
	if m, ok := startLine(strings.TrimLeft(bare, " \t")); ok && (r.now == nil || r.body || len(r.now.header) == 0 && r.now.isRequest != m.isRequest) {
		// wget -S indents what it shows; a body does not begin with a blank.
		if bare == strings.TrimLeft(bare, " \t") || r.now == nil || !m.isRequest {
			r.begin(m)
			return
		}
	}
	switch {
	case r.now == nil:
	case !r.body:
		if r.tool == "" && strings.HasPrefix(bare, "  ") {
			r.tool = "wget -S"
		}
		if r.tool == "wget -S" {
			bare = strings.TrimPrefix(bare, "  ")
		}
		r.field(bare)
	case r.tool != "wget -S":
		r.now.body.WriteString(line)
	}
}

// wgetURL reads "--2026-11-21 14:33:54--  https://api.example.com/".
func wgetURL(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "--")
	date, u, ok2 := strings.Cut(rest, "--  ")
	return u, ok && ok2 && len(date) == len("2006-01-02 15:04:05") && strings.Contains(u, "://")
}

// field reads one field line, a folded one, or the end of the fields.
func (r *rawReader) field(line string) {
	h := &r.now.header
	if line == "" {
		r.body = true
		return
	}
	if (line[0] == ' ' || line[0] == '\t') && len(*h) > 0 {
		last := &(*h)[len(*h)-1]
		if len(last.Value) > maxFolded {
			return
		}
		last.Value += " " + strings.Trim(line, " \t")
		return
	}
	name, value, ok := strings.Cut(line, ":")
	if strings.HasPrefix(line, ":") {
		return // a pseudo field of HTTP/2
	}
	if last := len(*h) - 1; last >= 0 && !ok && tokenPart(line) && credentialField((*h)[last].Name) && len((*h)[last].Value) < maxFolded {
		(*h)[last].Value += "\n" + line // a token that was broken in two
		return
	}
	if !ok || name == "" || strings.ContainsAny(name, " \t\"<{") {
		r.note(Note{NoteMalformed, "fields", "a line between the fields has no name and colon"})
		return
	}
	if len(*h) < maxFields {
		*h = append(*h, Field{name, strings.Trim(value, " \t")})
	}
}

// tokenPart tells the rest of a token from other lines (RFC 6750 section 2.1).
func tokenPart(line string) bool {
	return len(line) >= 8 && strings.Trim(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=") == ""
}

func credentialField(name string) bool {
	return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Proxy-Authorization") || strings.EqualFold(name, "X-API-Key")
}

// begin starts a message; a response belongs to the request before it.
func (r *rawReader) begin(m rawMessage) {
	r.now, r.body = &m, false
	if n := len(r.pairs); !m.isRequest && n > 0 {
		last := &r.pairs[n-1]
		switch {
		case last.response == nil, last.response.status < 200 && last.response.status != 101:
			last.response = &m
			return
		}
	}
	if len(r.pairs) >= maxRequests {
		r.over = true
		return
	}
	p := rawPair{secure: r.secure, peer: r.peer, port: r.port}
	switch {
	case m.isRequest:
		p.request = &m
		p.secure = p.secure || strings.HasPrefix(r.target, "https://")
		if strings.HasPrefix(r.target, "http://") {
			p.port = "80"
		}
	case r.target != "":
		p.request, p.partial, p.response = &rawMessage{isRequest: true, method: "GET", target: r.target}, true, &m
	default:
		p.response = &m
	}
	r.target = ""
	r.pairs = append(r.pairs, p)
}

func (r *rawReader) finish() {
	if len(r.pairs) == 0 || len(r.notes) == 0 {
		return
	}
	r.pairs[0].notes = append(r.notes, r.pairs[0].notes...)
	r.notes = nil
}

func (r *rawReader) source() string {
	if r.tool != "" {
		return "output of " + r.tool
	}
	return "messages as text"
}

func (p rawPair) exchange() Exchange {
	x := Exchange{Notes: p.notes}
	x.Request.URL = &url.URL{}
	x.Request.Incomplete = p.request == nil || p.partial
	if q := p.request; q != nil {
		x.Request.Method, x.Request.Proto, x.Request.Header, x.Request.Body = q.method, q.proto, q.header, q.content()
		u, user, notes := parseURL(p.absolute(), "http")
		u.Fragment, u.RawFragment = "", ""
		x.Request.URL, x.Request.Options.User = u, user
		x.Notes = append(x.Notes, notes...)
		x.Request.Options.Mode = q.header.Get("Sec-Fetch-Mode")
	}
	if s := p.response; s != nil {
		x.Response = &Response{Proto: s.proto, Status: s.status, Reason: s.reason, Header: s.header, Body: s.content(), Address: p.peer}
	}
	return x
}

// absolute is the URL of the request. Whether it was https the text tells only
// by what surrounds it: curl says so, and browsers send fields that they send
// nowhere else. Without a sign https is taken for hosts other than this machine.
func (p rawPair) absolute() string {
	q := p.request
	if strings.Contains(q.target, "://") {
		return q.target
	}
	host := q.header.Get("Host")
	if q.method == "CONNECT" {
		return "https://" + q.target
	}
	scheme := "https"
	switch {
	case p.secure || p.port == "443":
	case p.port != "" || strings.HasSuffix(host, ":80") || isLocal(host) || host == "":
		scheme = "http"
	}
	if !strings.HasPrefix(q.target, "/") {
		return scheme + "://" + host + "/" + strings.TrimPrefix(q.target, "*")
	}
	return scheme + "://" + host + q.target
}
