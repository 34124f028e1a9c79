package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/secretname"
	"github.com/gate401/gate401/reason"
)

// callReport collects what a transport did, and says it in words.
type callReport struct {
	app     *app
	verbose bool
	style   explain.Style
	key     proofFlags

	mu     sync.Mutex
	n      int
	next   string // what was said to come
	events []callEvent
	last   client.Event // the latest exchange, secrets included
	moved  []client.Event
	body   beginning // of its refusal
}

// callEvent is one line of the trace. It holds no secret.
type callEvent struct {
	Kind     string          `json:"kind"`
	Attempt  int             `json:"attempt,omitempty"`
	Started  time.Time       `json:"started"`
	TookMS   int64           `json:"took_ms"`
	Sent     string          `json:"sent,omitempty"`
	Why      string          `json:"why"`
	Request  *callMessage    `json:"request,omitempty"`
	Response *callMessage    `json:"response,omitempty"`
	Asks     []callChallenge `json:"challenges,omitempty"`
	Findings []callFinding   `json:"findings,omitempty"`
	Error    string          `json:"error,omitempty"`
	Next     string          `json:"next"`
}

type callMessage struct {
	Method string      `json:"method,omitempty"`
	URL    string      `json:"url,omitempty"`
	Status int         `json:"status,omitempty"`
	Proto  string      `json:"proto,omitempty"`
	Header http.Header `json:"header"`
}

type callChallenge struct {
	Scheme string `json:"scheme"`
	Realm  string `json:"realm,omitempty"`
	Text   string `json:"text"`
}

type callFinding struct {
	ID      string `json:"id"`
	Message string `json:"message"`
}

type callDenied struct {
	Reason     reason.Code  `json:"reason"`
	Inferred   bool         `json:"inferred,omitempty"`
	Retry      reason.Retry `json:"retry"`
	Status     int          `json:"status"`
	Title      string       `json:"title"`
	WhatToDo   string       `json:"what_to_do"`
	Note       string       `json:"note,omitempty"`
	Realm      string       `json:"realm,omitempty"`
	Error      string       `json:"error,omitempty"`
	Scope      string       `json:"scope,omitempty"`
	ACR        string       `json:"acr_values,omitempty"`
	RetryAfter int          `json:"retry_after_seconds,omitempty"`
	RequestID  string       `json:"request_id,omitempty"`
	Page       string       `json:"page,omitempty"`
	Cause      string       `json:"cause,omitempty"`
	Rule       string       `json:"rule,omitempty"`
}

// callTrace is what --json prints.
type callTrace struct {
	Exchanges []callEvent `json:"exchanges"`
	Status    int         `json:"status"`
	Denied    *callDenied `json:"denied"`
	Error     string      `json:"error,omitempty"`
}

func (r *callReport) observe(e client.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Kind == client.EventExchange {
		r.last = e
		if e.Response != nil && e.Response.StatusCode/100 == 3 {
			r.moved = append(r.moved, e)
		}
	}
	c := r.event(e)
	r.events = append(r.events, c)
	if r.verbose {
		r.say(c)
	}
}

func (r *callReport) event(e client.Event) callEvent {
	c := callEvent{Kind: string(e.Kind), Attempt: e.Attempt, Started: e.Started.UTC(), TookMS: e.Took.Milliseconds(), Sent: e.Sent, Why: e.Why, Next: e.Next}
	if e.Denied != nil && r.fixedToken(e.Denied) {
		c.Next = "nothing: " + anotherToken
	}
	if e.Request != nil {
		c.Request = &callMessage{Method: e.Request.Method, URL: r.url(e.Request.URL), Header: r.header(e.Request.Header)}
	}
	if resp := e.Response; resp != nil {
		c.Response = &callMessage{Status: resp.StatusCode, Proto: resp.Proto, Header: r.header(resp.Header)}
		fields := append(resp.Header.Values("WWW-Authenticate"), resp.Header.Values("Proxy-Authenticate")...)
		if len(fields) > 0 || resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusProxyAuthRequired {
			got := httpauth.ParseChallenges(fields, httpauth.Lenient)
			for _, ch := range got.Challenges {
				realm, _ := ch.Param("realm")
				c.Asks = append(c.Asks, callChallenge{ch.Scheme, explain.Visible(realm), explain.Visible(ch.String())})
			}
			for _, f := range got.Findings {
				if f.Severity == httpauth.SeverityError || f.Severity == httpauth.SeverityWarning {
					c.Findings = append(c.Findings, callFinding{string(f.ID), explain.Visible(f.Message)})
				}
			}
		}
	}
	if e.Err != nil {
		c.Error = withoutURL(e.Err)
	}
	return c
}

// withoutURL leaves out the URL, which may have a key in its query.
func withoutURL(err error) string {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // only the outermost one is taken off
		err = u.Err
	}
	return explain.Visible(err.Error())
}

// say tells one event in words on standard error.
func (r *callReport) say(c callEvent) {
	w, s := r.app.Err, r.style
	if c.Kind == string(client.EventRenewal) {
		fmt.Fprintf(w, "%s %s\n", s.Bold("renew"), c.Why)
		if c.Error != "" {
			fmt.Fprintf(w, "  %s %s\n", s.Red("failed:"), c.Error)
		}
		return
	}
	r.n++
	fmt.Fprintf(w, "%s %s %s\n", s.Bold(fmt.Sprint(r.n)), c.Request.Method, c.Request.URL)
	sent := c.Sent
	if v := c.Request.Header.Get("Proxy-Authorization"); v != "" {
		scheme, _, _ := strings.Cut(v, " ")
		sent = strings.TrimPrefix(sent+", and to the proxy "+scheme, ", and ")
	}
	if sent == "" {
		sent = "no proof"
	}
	if c.Why != r.next {
		sent += " (" + c.Why + ")"
	}
	r.next = c.Next
	fmt.Fprintf(w, "  sent: %s\n", sent)
	if c.Response != nil {
		text := strings.TrimSpace(fmt.Sprint(c.Response.Status, " ", http.StatusText(c.Response.Status)))
		fmt.Fprintf(w, "  got:  %s in %d ms\n", text, c.TookMS)
	}
	for _, field := range c.asked() {
		fmt.Fprintf(w, "  asks: %s\n", shortField(field))
	}
	for _, f := range c.Findings {
		fmt.Fprintf(w, "  %s %s (%s)\n", s.Yellow("odd: "), f.Message, f.ID)
	}
	if c.Error != "" {
		fmt.Fprintf(w, "  %s %s\n", s.Red("error:"), c.Error)
	}
	fmt.Fprintf(w, "  next: %s\n", c.Next)
}

// asked are the fields with challenges as they came: printed anew, they would look
// right where they are not.
func (c callEvent) asked() []string {
	if c.Response == nil || len(c.Asks) == 0 && len(c.Findings) == 0 {
		return nil
	}
	return append(c.Response.Header.Values("WWW-Authenticate"), c.Response.Header.Values("Proxy-Authenticate")...)
}

// maxField bounds how much of a field is shown.
const maxField = 500

func shortField(v string) string {
	if len(v) <= maxField {
		return v
	}
	return strings.ToValidUTF8(v[:maxField], "") + "…"
}

func (r *callReport) trace(resp *http.Response, d *client.Denied, err error) callTrace {
	var cause *diagnose.Cause
	var fix *diagnose.Fix
	if d != nil {
		cause, fix = r.cause()
	}
	astray, toLogin := r.toLogin()
	r.mu.Lock()
	defer r.mu.Unlock()
	t := callTrace{Exchanges: r.events}
	if t.Exchanges == nil {
		t.Exchanges = []callEvent{}
	}
	switch {
	case d != nil:
		t.Status = d.Status
		t.Denied = &callDenied{
			Reason: d.Reason, Inferred: d.Inferred, Retry: d.Retry, Status: d.Status, Title: d.Reason.Info().Title,
			WhatToDo: r.whatToDo(d, cause, fix), Note: noteOf(d, cause), Realm: d.Realm, Error: d.Code, Scope: d.Scope, ACR: d.ACR,
			RetryAfter: int(d.RetryAfter.Seconds()), RequestID: d.RequestID, Page: d.Page,
		}
		if cause != nil {
			t.Denied.Cause, t.Denied.Rule = cause.Title, cause.Rule
		}
	case err != nil:
		t.Error = withoutURL(err)
	case resp != nil:
		t.Status = resp.StatusCode
		if astray != nil && resp.StatusCode < http.StatusBadRequest {
			info := reason.SessionMissing.Info()
			t.Denied = &callDenied{
				Reason: info.Code, Inferred: true, Retry: info.Retry, Status: t.Status, Title: info.Title,
				WhatToDo: toLogin.Text, Cause: astray.Title, Rule: astray.Rule,
			}
		}
	}
	return t
}

// refusalText is the first cause, on one line.
func refusalText(d *client.Denied, cause *diagnose.Cause) string {
	var b strings.Builder
	if d.Status != 0 {
		fmt.Fprintf(&b, "%d %s: ", d.Status, http.StatusText(d.Status))
	} else {
		b.WriteString("not sent: ")
	}
	title := d.Reason.Info().Title
	if d.Inferred && d.Title != "" {
		title = explain.Visible(d.Title)
	}
	code := string(d.Reason)
	if cause != nil && d.Inferred {
		title, code = cause.Title, cause.Code
	}
	fmt.Fprintf(&b, "%s (%s)", strings.TrimSuffix(title, "."), code)
	if cause != nil && cause.Note != "" {
		fmt.Fprintf(&b, ": %s", strings.TrimSuffix(cause.Note, "."))
	} else if d.Description != "" && d.Inferred {
		fmt.Fprintf(&b, "; the server says: %s", explain.Visible(d.Description))
	}
	if note := noteOf(d, cause); note != "" {
		b.WriteString("; " + note)
	}
	if d.Err != nil {
		b.WriteString(": " + withoutURL(d.Err))
	}
	return b.String()
}

func (r *callReport) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			switch {
			case name == "Authorization" || name == "Proxy-Authorization":
				v = hiddenCredentials(v)
			case secretname.Is(name) || strings.EqualFold(name, r.key.keyHeader):
				v = "[redacted]"
			case name == "Location" || name == "Referer":
				if u, err := url.Parse(v); err == nil {
					v = r.url(u)
				}
			}
			out[name] = append(out[name], explain.Visible(v))
		}
	}
	return out
}

func hiddenCredentials(v string) string {
	c, err := httpauth.ParseAuthorization(v)
	if err != nil {
		return "[redacted]"
	}
	return c.String()
}

func (r *callReport) url(u *url.URL) string {
	v := *u
	if v.User != nil {
		v.User = url.User("redacted")
	}
	v.Fragment = ""
	q := v.Query()
	changed := false
	for name := range q {
		if secretname.Is(name) || r.key.query != "" && name == r.key.query {
			q.Set(name, "redacted")
			changed = true
		}
	}
	if changed {
		v.RawQuery = q.Encode()
	}
	return explain.Visible(v.String())
}
