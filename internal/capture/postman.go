package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Postman reads a collection of Postman (format 2.0 or 2.1), and the
// environment that goes with it, if there is one. Each saved response becomes an
// exchange, and each request without one an exchange that was not answered.
func Postman(collection, environment []byte) (Capture, error) {
	if len(collection) > MaxFile || len(environment) > MaxFile {
		return Capture{}, &SizeError{What: "collection", Max: MaxFile}
	}
	collection, environment = bytes.TrimSpace(UTF8(collection)), UTF8(environment)
	if len(collection) == 0 {
		return Capture{}, ErrEmpty
	}
	var file struct {
		pmItem
		Info *struct {
			Name   string `json:"name"`
			Schema string `json:"schema"`
		} `json:"info"`
		// The API of Postman, and some exports, put it into an envelope.
		Collection json.RawMessage `json:"collection"`
	}
	if err := unmarshal(collection, &file); err != nil {
		return Capture{}, pmSyntax(err)
	}
	if file.Info == nil && len(file.Collection) > 0 {
		if err := unmarshal(file.Collection, &file); err != nil {
			return Capture{}, pmSyntax(err)
		}
	}
	if file.Info == nil && file.Item == nil {
		return Capture{}, &SyntaxError{What: "Postman collection", Problem: "there is neither \"info\" nor \"item\" in it", Help: "export it as Collection v2.1; format 1 is not read"}
	}
	r := pmReader{vars: newVariables()}
	if err := r.environment(environment); err != nil {
		return Capture{}, err
	}
	r.vars.push(file.Variable)
	if err := r.items(file.Item, pmScope{auth: file.Auth, events: file.Event}, 0); err != nil {
		return Capture{}, err
	}
	name := ""
	if file.Info != nil {
		name = " " + clean(file.Info.Name)
	}
	return Capture{Source: strings.TrimSpace("Postman collection" + name), Exchanges: r.out}, nil
}

// unmarshal keeps what has the right type: programs differ in the details.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if _, shape := err.(*json.UnmarshalTypeError); shape { //nolint:errorlint // encoding/json returns it bare
		return nil
	}
	return err
}

func pmSyntax(err error) error {
	problem := "it is no JSON"
	if strings.Contains(err.Error(), "unexpected end") {
		problem = "it ends too early"
	}
	return &SyntaxError{What: "Postman collection", Problem: problem, Help: "export it again as Collection v2.1"}
}

type pmItem struct {
	Name     string       `json:"name"`
	Item     []pmItem     `json:"item"`
	Request  *pmRequest   `json:"request"`
	Response []pmResponse `json:"response"`
	Auth     *pmAuth      `json:"auth"`
	Event    []pmEvent    `json:"event"`
	Variable []pmPair     `json:"variable"`
}

type pmEvent struct {
	Listen string `json:"listen"`
	Script struct {
		Exec any `json:"exec"`
	} `json:"script"`
}

type pmResponse struct {
	Name     string     `json:"name"`
	Original *pmRequest `json:"originalRequest"`
	Status   string     `json:"status"`
	Code     int        `json:"code"`
	Header   pmHeader   `json:"header"`
	Body     string     `json:"body"`
	Time     any        `json:"responseTime"`
}

// pmScope is what an item inherits.
type pmScope struct {
	auth   *pmAuth
	events []pmEvent
}

func (s pmScope) with(i pmItem) pmScope {
	if i.Auth != nil {
		s.auth = i.Auth
	}
	s.events = append(slices.Clip(s.events), i.Event...)
	return s
}

type pmReader struct {
	vars *variables
	out  []Exchange
}

func (r *pmReader) environment(data []byte) error {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return nil
	}
	var file struct {
		Values []pmPair `json:"values"`
	}
	if err := unmarshal(data, &file); err != nil || file.Values == nil {
		return &SyntaxError{What: "Postman environment", Problem: "there is no list \"values\" in it", Help: "export the environment from Postman"}
	}
	r.vars.override(file.Values)
	return nil
}

func (r *pmReader) items(items []pmItem, scope pmScope, depth int) error {
	if depth > maxNesting {
		return &SyntaxError{What: "Postman collection", Problem: "its folders are nested too deeply"}
	}
	for _, i := range items {
		inner := scope.with(i)
		done := r.vars.push(i.Variable)
		err := r.items(i.Item, inner, depth+1)
		if err == nil && i.Request != nil {
			err = r.request(i, inner)
		}
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *pmReader) request(i pmItem, scope pmScope) error {
	if len(r.out)+max(1, len(i.Response)) > MaxExchanges {
		return &SyntaxError{What: "Postman collection", Problem: fmt.Sprintf("more than %d requests", MaxExchanges), Help: "export only those that matter"}
	}
	if len(i.Response) == 0 {
		r.out = append(r.out, r.exchange(*i.Request, scope))
	}
	for _, p := range i.Response {
		q := *i.Request
		if p.Original != nil {
			q = *p.Original
			if q.Auth == nil {
				q.Auth = i.Request.Auth
			}
		}
		x := r.exchange(q, scope)
		x.Response = &Response{Status: p.Code, Reason: p.Status, Header: p.Header.fields(nil), Body: nonEmpty(p.Body)}
		if p.Code < 100 || p.Code > 999 {
			x.Response.Status = 0
		}
		if ms, ok := p.Time.(float64); ok && ms > 0 && ms < 1e9 {
			x.Took = time.Duration(ms) * time.Millisecond
		}
		r.out = append(r.out, x)
	}
	return nil
}

// exchange resolves a request. The names of what nobody defined become notes.
func (r *pmReader) exchange(q pmRequest, scope pmScope) Exchange {
	s := r.vars.session()
	x := Exchange{}
	x.Request.Method = q.Method
	if x.Request.Method == "" {
		x.Request.Method = "GET"
	}
	text, query := q.URL.text(s)
	x.Request.Header = q.Header.fields(s)
	body, kind := q.Body.content(s)
	x.Request.Body = body
	if kind != "" && !x.Request.Header.Has("Content-Type") {
		x.Request.Header = append(x.Request.Header, Field{"Content-Type", kind})
	}
	auth := scope.auth
	if q.Auth != nil {
		auth = q.Auth
	}
	more, note := auth.apply(&x.Request, s)
	if note != nil {
		x.Notes = append(x.Notes, *note)
	}
	for _, extra := range []string{query, more} {
		if extra != "" {
			sep := "?"
			if strings.Contains(text, "?") {
				sep = "&"
			}
			text += sep + extra
		}
	}
	u, user, notes := parseURL(text, "http")
	u.Fragment, u.RawFragment = "", ""
	x.Request.URL = u
	if x.Request.Options.User == "" {
		x.Request.Options.User = user
	}
	x.Request.Options.Follow = true
	x.Notes = append(x.Notes, notes...)
	x.Notes = append(x.Notes, s.notes()...)
	for _, e := range scope.events {
		if e.Listen == "prerequest" && e.Script.Exec != nil {
			x.Notes = append(x.Notes, Note{NoteIgnored, "pre-request script", "it may set fields or variables; scripts are not run here"})
			x.Request.Incomplete = true
			break
		}
	}
	return x
}
