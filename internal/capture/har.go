package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// HAR reads an HTTP archive (HAR 1.2, and 1.1 as older Firefox writes it), as
// browsers and proxies export it.
func HAR(data []byte) (Capture, error) {
	if len(data) > MaxFile {
		return Capture{}, &SizeError{What: "HAR file", Max: MaxFile}
	}
	data = bytes.TrimSpace(UTF8(data))
	if len(data) == 0 {
		return Capture{}, ErrEmpty
	}
	r := harReader{dec: json.NewDecoder(bytes.NewReader(data)), data: data}
	if err := r.file(); err != nil {
		return Capture{}, err
	}
	if !r.log {
		return Capture{}, &SyntaxError{What: "HAR file", Problem: "there is no \"log\" in it", Help: "a HAR file begins with {\"log\": ...}; the network tab of a browser exports it"}
	}
	c := Capture{Source: r.source(), Exchanges: r.entries, Notes: r.notes}
	r.judgeExport(&c)
	return c, nil
}

// harReader walks through the file entry by entry, so that only what matters of
// one is kept.
type harReader struct {
	dec     *json.Decoder
	data    []byte
	log     bool
	creator harProgram
	browser harProgram
	entries []Exchange
	notes   []Note
}

type harProgram struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (r *harReader) fail(err error) error {
	at := min(int(r.dec.InputOffset()), len(r.data))
	problem := "it is no JSON"
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		problem = "it ends too early"
	}
	return &SyntaxError{What: "HAR file", Line: bytes.Count(r.data[:at], []byte("\n")) + 1, Problem: problem, Help: "export it again; a HAR file is one JSON document"}
}

// members calls each for every member of an object; what each does not read is
// passed over.
func (r *harReader) members(each func(name string) (read bool, err error)) error {
	if err := r.expect('{', "an object"); err != nil {
		return err
	}
	for r.dec.More() {
		t, err := r.dec.Token()
		if err != nil {
			return r.fail(err)
		}
		name, _ := t.(string)
		read, err := each(name)
		if err != nil {
			return err
		}
		if !read {
			var skip json.RawMessage
			if err := r.dec.Decode(&skip); err != nil {
				return r.fail(err)
			}
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *harReader) expect(d json.Delim, what string) error {
	t, err := r.dec.Token()
	if err != nil {
		return r.fail(err)
	}
	if t != d {
		at := min(int(r.dec.InputOffset()), len(r.data))
		return &SyntaxError{What: "HAR file", Line: bytes.Count(r.data[:at], []byte("\n")) + 1, Problem: what + " should be here"}
	}
	return nil
}

func (r *harReader) file() error {
	return r.members(func(name string) (bool, error) {
		if name != "log" {
			return false, nil
		}
		r.log = true
		return true, r.members(r.member)
	})
}

func (r *harReader) member(name string) (bool, error) {
	switch name {
	case "creator":
		return true, r.decode(&r.creator)
	case "browser":
		return true, r.decode(&r.browser)
	case "entries":
		return true, r.list()
	}
	return false, nil
}

// decode takes a value if it has the right shape, and passes over it otherwise.
func (r *harReader) decode(v any) error {
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return r.fail(err)
	}
	if json.Unmarshal(raw, v) != nil {
		return nil //nolint:nilerr // names of programs are not worth refusing a file
	}
	return nil
}

func (r *harReader) list() error {
	if err := r.expect('[', "the list of entries"); err != nil {
		return err
	}
	for r.dec.More() {
		var raw json.RawMessage
		if err := r.dec.Decode(&raw); err != nil {
			return r.fail(err)
		}
		var e harEntry
		err := json.Unmarshal(raw, &e)
		var shape *json.UnmarshalTypeError
		if err != nil && !(errors.As(err, &shape) && e.Request.URL != "") {
			if len(r.notes) < maxFields {
				r.notes = append(r.notes, Note{NoteMalformed, fmt.Sprintf("entry %d", len(r.entries)+1), "it does not have the shape of HAR 1.2, and is left out"})
			}
			continue
		}
		if inPage(e.Request.URL) {
			continue
		}
		if len(r.entries) >= MaxExchanges {
			return &SyntaxError{What: "HAR file", Problem: fmt.Sprintf("more than %d requests", MaxExchanges), Help: "export only those that matter"}
		}
		r.entries = append(r.entries, e.exchange())
	}
	if _, err := r.dec.Token(); err != nil {
		return r.fail(err)
	}
	return nil
}

// inPage tells whether what has this URL never left the browser: Firefox lists
// data: and blob: beside requests.
func inPage(u string) bool {
	scheme, _, _ := strings.Cut(u, ":")
	switch strings.ToLower(scheme) {
	case "data", "blob", "about":
		return true
	}
	return false
}

// source names the program: "HAR of Firefox 128.0".
func (r *harReader) source() string {
	p := r.creator
	if r.browser.Name != "" {
		p = r.browser
	}
	switch p.Name {
	case "WebInspector":
		return "HAR of Chromium's DevTools"
	case "WebKit Web Inspector":
		return "HAR of Safari"
	case "":
		return "HAR file"
	}
	return strings.TrimSpace("HAR of " + clean(p.Name) + " " + clean(p.Version))
}

// clean makes a name safe to be shown in one line.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// judgeExport finds out whether credentials were taken out. Chromium leaves out
// Authorization, Cookie and Set-Cookie unless told otherwise; other programs
// leave words in their place.
func (r *harReader) judgeExport(c *Capture) {
	sensitive, redacted := false, false
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		for _, name := range []string{"Authorization", "Cookie"} {
			value := x.Request.Header.Get(name)
			if isRedacted(value) {
				redacted, x.Request.Incomplete = true, true
				x.Notes = append(x.Notes, Note{NoteIgnored, name, "the value was taken out of the file before it was handed over"})
			} else if value != "" {
				sensitive = true
			}
		}
		sensitive = sensitive || x.Response != nil && x.Response.Header.Has("Set-Cookie")
	}
	if r.creator.Name != "WebInspector" || sensitive || redacted {
		return
	}
	for i := range c.Exchanges {
		c.Exchanges[i].Request.Incomplete = true
	}
	if len(c.Exchanges) > 0 {
		c.Notes = append(c.Notes, Note{NoteIgnored, "Authorization, Cookie, Set-Cookie",
			"the browser leaves these fields out of the file unless \"Allow to generate HAR with sensitive data\" is on in the settings of DevTools, and then \"Export HAR (with sensitive data)\" is chosen"})
	}
}

// isRedacted knows what programs that clean HAR files put in place of a secret.
func isRedacted(value string) bool {
	low := strings.ToLower(value)
	for _, scheme := range []string{"bearer ", "basic "} {
		low = strings.TrimPrefix(low, scheme)
	}
	low = strings.TrimSpace(low)
	return strings.Contains(low, "redacted") || low != "" && strings.Trim(low, "*x") == "" && len(low) > 2 || low == "<hidden>" || low == "[filtered]"
}
