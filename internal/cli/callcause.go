package cli

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// causeBody is how much of a refusal's body is looked at for its cause.
const causeBody = 16 << 10

// refusal is a *Denied in the voice of the program: the first cause, then what
// helps.
func (r *callReport) refusal(d *client.Denied) error {
	cause, fix := r.cause()
	text := refusalText(d, cause)
	hints := []string{r.whatToDo(d, cause, fix)}
	if command := r.logIn(d); command != "" {
		hints = append(hints, command)
	}
	if d.RequestID != "" {
		hints = append(hints, "the server calls this request "+explain.Visible(d.RequestID))
	}
	if d.Page != "" {
		hints = append(hints, "more: "+explain.Visible(d.Page))
	} else {
		more := d.Reason
		if cause != nil && cause.Reason != nil && d.Inferred {
			more = reason.Code(cause.Code)
		}
		hints = append(hints, `"gate401 explain `+string(more)+`" says more`)
	}
	return fail(ExitProblems, errors.New(text), hints...)
}

// whatToDo is the one thing that helps. What the transport knows, that a token was
// renewed or that a password was refused before, no look at one exchange can tell.
func (r *callReport) whatToDo(d *client.Denied, cause *diagnose.Cause, fix *diagnose.Fix) string {
	if flag := r.otherFlag(d); flag != "" && otherScheme(cause) && r.key.given() {
		return "use " + flag
	}
	if r.fixedToken(d) {
		return anotherToken
	}
	if otherScheme(cause) && fix != nil {
		return inOne(fix)
	}
	if cause != nil && fix != nil && d.Note == "" && d.Err == nil {
		return inOne(fix)
	}
	return d.WhatToDo()
}

// inOne is what to do with the command that it ends with, in one line.
func inOne(fix *diagnose.Fix) string {
	if strings.HasSuffix(fix.Text, ":") {
		return fix.Text + " " + fix.Command
	}
	return fix.Text
}

// fixedToken tells that the token of the command line is refused: whoever gave it
// has no login to renew.
func (r *callReport) fixedToken(d *client.Denied) bool {
	return r.key.bearer != "" && d.Sent == "Bearer" && d.Retry == reason.RetryReauthenticate
}

const anotherToken = "get another token: the one of --bearer is refused, and nothing here can renew it"

// otherScheme tells that the server never looked at what was sent.
func otherScheme(cause *diagnose.Cause) bool { return cause != nil && cause.Rule == "scheme-mismatch" }

// noteOf is what the transport did. It thinks that a password was refused where
// the scheme was.
func noteOf(d *client.Denied, cause *diagnose.Cause) string {
	if otherScheme(cause) {
		return ""
	}
	return d.Note
}

// otherFlag is the flag for the scheme that the server asks for; empty for none.
func (r *callReport) otherFlag(d *client.Denied) string {
	user := "USER"
	for _, given := range [...]string{r.key.basic, r.key.digest} {
		if given != "" {
			user, _, _ = strings.Cut(given, ":")
		}
	}
	for _, offered := range [...]struct{ scheme, flag, given string }{
		{"Bearer", "--bearer TOKEN", r.key.bearer}, {"Digest", "--digest " + user, r.key.digest}, {"Basic", "--basic " + user, r.key.basic},
	} {
		if offered.given == "" && slices.ContainsFunc(d.Challenges, func(c httpauth.Challenge) bool { return c.Is(offered.scheme) }) {
			return offered.flag
		}
	}
	return ""
}

// astray tells that a redirect led to a login: for a program that is a refusal,
// whatever the page says.
func (r *callReport) astray() error {
	cause, fix := r.toLogin()
	if cause == nil {
		return nil
	}
	text := cause.Title + " (" + cause.Code + "): " + strings.TrimSuffix(cause.Note, ".")
	return fail(ExitProblems, errors.New(text), fix.Text, `"gate401 explain `+cause.Code+`" says more`)
}

func (r *callReport) toLogin() (*diagnose.Cause, *diagnose.Fix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.moved {
		found := r.look(e, nil)
		if found.Cause != nil && found.Cause.Rule == "redirect-to-login" {
			return found.Cause, found.Fix
		}
	}
	return nil, nil
}

// cause looks at the last exchange with everything that explain knows.
func (r *callReport) cause() (*diagnose.Cause, *diagnose.Fix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.Request == nil || r.last.Response == nil {
		return nil, nil
	}
	found := r.look(r.last, r.body.data)
	if found.Cause == nil || found.Cause.Certainty == diagnose.Possible {
		return nil, nil
	}
	return found.Cause, found.Fix
}

// look explains one exchange.
func (r *callReport) look(e client.Event, body []byte) diagnose.Report {
	req, resp := e.Request, e.Response
	x := capture.Exchange{
		Request: capture.Request{Method: req.Method, URL: req.URL, Proto: req.Proto, Header: captured(req.Header)},
		Response: &capture.Response{
			Proto: resp.Proto, Status: resp.StatusCode, Reason: http.StatusText(resp.StatusCode), Header: captured(resp.Header), Body: body,
		},
		Started: e.Started, Took: e.Took, Live: true,
	}
	if req.Host != "" && req.Host != req.URL.Host {
		x.Request.Header = append(x.Request.Header, capture.Field{Name: "Host", Value: req.Host})
	}
	return diagnose.Run(capture.Capture{Source: "gate401 call", Exchanges: []capture.Exchange{x}}, diagnose.Options{Now: r.app.Now})
}

// captured is the fields in a fixed order: net/http keeps none.
func captured(h http.Header) capture.Header {
	var out capture.Header
	for name, values := range h {
		for _, v := range values {
			out = append(out, capture.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b capture.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// beginning keeps the first octets of what is written to it.
type beginning struct{ data []byte }

func (b *beginning) Write(p []byte) (int, error) {
	if room := causeBody - len(b.data); room > 0 {
		b.data = append(b.data, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
