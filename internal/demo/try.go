package demo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// Limits of one exchange with the gate.
const (
	tryTime     = 10 * time.Second
	maxResponse = 64 << 10
)

// Dial opens a connection to the gate, which is the only address that anything
// here is ever sent to.
type Dial func(ctx context.Context) (net.Conn, error)

// Exchange is one request and its answer, as they were on the wire.
type Exchange struct {
	Request  string `json:"request"`
	Response string `json:"response"`
	Status   int    `json:"status"`
	Curl     string `json:"curl"`

	requestMarks, responseMarks web.Marks
	header                      http.Header
	errorURI                    string
}

// Result is what came of a row.
type Result struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Want  int    `json:"want"`
	// Expected is true when status and shown reason are those of the row, and
	// the right call was answered with success.
	Expected bool `json:"as_expected"`
	// Reason is the true cause, Shown what the caller is told, Page where that
	// is explained; all empty where the gate refuses nothing.
	Reason reason.Code `json:"reason,omitempty"`
	Shown  reason.Code `json:"shown,omitempty"`
	Page   string      `json:"page,omitempty"`
	// Logged is the cause that the gate itself wrote down for this request.
	Logged   reason.Code `json:"logged,omitempty"`
	Attempts int         `json:"attempts"`
	Exchange
	Right RightResult `json:"right"`
}

// RightResult is the same call made right.
type RightResult struct {
	Note string `json:"note"`
	Exchange
}

// Try sends the row's requests to the gate. An error means that the gate could
// not be reached or did not answer in HTTP.
func (p *Page) Try(ctx context.Context, row Row) (Result, error) {
	call := Call{Fixtures: p.current(), Nonce: strings.ToLower(rand.Text()[:10])}
	res := Result{ID: row.ID, Title: row.Title, Want: row.Want, Reason: row.Reason, Shown: row.Shown()}
	if res.Shown != "" {
		res.Page = res.Shown.Info().Page(p.Fixtures.problems())
	}
	for call.Try = range max(row.Tries, 1) {
		var err error
		if res.Exchange, err = p.exchange(ctx, row.Build(call), max(row.Tries, 1)); err != nil {
			return Result{}, err
		}
		res.Attempts++
		if res.Status == row.Want {
			break
		}
	}
	res.Exchange.responseMarks.Body = p.marksOf(res.Shown)
	var err error
	if res.Right.Exchange, err = p.exchange(ctx, row.Right(call), 1); err != nil {
		return Result{}, err
	}
	res.Right.responseMarks.Body = p.marksOf("")
	res.Right.Note = row.RightNote
	if p.Trace != nil {
		if code, ok := p.Trace(res.header.Get("X-Request-Id")); ok {
			res.Logged = code
		}
	}
	res.Expected = res.Status == row.Want && p.told(res.Exchange) == res.Shown && res.Right.Status/100 == 2 &&
		(res.Logged == "" || res.Logged == res.Reason)
	return res, nil
}

// told is the reason that the gate's answer names. An application behind it
// might send the same field, so it counts only where the gate refused.
// The token endpoint answers in the words of OAuth, whose error_uri names it (RFC
// 6749 section 5.2).
func (p *Page) told(e Exchange) reason.Code {
	if e.header.Get("Gate401-Refused-By") == "gate" {
		return reason.Code(e.header.Get("Gate401-Reason"))
	}
	if code, ok := strings.CutPrefix(e.errorURI, p.Fixtures.problems()); ok {
		return reason.Code(code)
	}
	return ""
}

// marksOf are the pieces of a body that decide: of a problem document its code
// and what to do, of an echo who the application was told is asking.
func (p *Page) marksOf(shown reason.Code) []string {
	if shown == "" {
		return []string{`"Gate401-Subject":["` + p.Fixtures.Member.Name + `"]`}
	}
	info := shown.Info()
	return []string{`"code":"` + string(shown) + `"`, `"retry":"` + string(info.Retry) + `"`, `"error":"` + info.Error + `"`, `"error_uri":"` + info.Page(p.Fixtures.problems()) + `"`}
}

// exchange sends one request and reads the answer to its end.
func (p *Page) exchange(ctx context.Context, raw RawRequest, times int) (Exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	host := "localhost"
	if u, err := url.Parse(p.Fixtures.Credentials.Gate); err == nil && u.Host != "" {
		host = u.Host
	}
	sent := raw.Bytes(host)
	received, err := p.send(ctx, sent)
	if err != nil {
		return Exchange{}, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(received)), &http.Request{Method: raw.Method})
	if err != nil {
		return Exchange{}, fmt.Errorf("reading the answer of the gate: %w", err)
	}
	var refused struct {
		ErrorURI string `json:"error_uri"`
	}
	if raw.Target == p.Fixtures.TokenEndpoint {
		// What is no such answer has none.
		_ = json.NewDecoder(resp.Body).Decode(&refused)
	}
	_ = resp.Body.Close()
	return Exchange{errorURI: refused.ErrorURI,
		Request: string(sent), Response: string(received), Status: resp.StatusCode,
		Curl: p.Fixtures.Credentials.Curl(raw.Curl(p.Fixtures.Credentials.Gate, times)), requestMarks: raw.Marks, header: resp.Header,
		responseMarks: web.Marks{Start: true, Fields: []string{
			"WWW-Authenticate", "Retry-After", "Gate401-Reason", "Access-Control-Allow-Origin",
		}},
	}, nil
}

func (p *Page) send(ctx context.Context, request []byte) (response []byte, err error) {
	if p.Dial == nil {
		return nil, errors.New("the demo has no gate to ask")
	}
	conn, err := p.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("reaching the gate: %w", err)
	}
	defer func() { _ = conn.Close() }()
	// A cancelled caller ends the exchange as its deadline does.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(request); err != nil {
		return nil, fmt.Errorf("sending to the gate: %w", err)
	}
	response, err = io.ReadAll(io.LimitReader(conn, maxResponse))
	if err != nil && len(response) == 0 {
		return nil, fmt.Errorf("reading from the gate: %w", err)
	}
	return response, nil
}
