package client

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	mostProblem  = 16 << 10 // of a problem body that is looked at
	mostDrained  = 64 << 10 // of a refusal that is read to use its connection again
	mostPatience = 3 * time.Second
)

// hurry closes the body of a response that does not come: a server must not be
// able to hold a repetition up.
func hurry(resp *http.Response) (stop func()) {
	body := resp.Body
	t := time.AfterFunc(mostPatience, func() { _ = body.Close() })
	return func() { t.Stop() }
}

// drain reads a little of the rest, so that the connection can be used again,
// and closes.
func drain(resp *http.Response) {
	stop := hurry(resp)
	_, _ = io.CopyN(io.Discard, resp.Body, mostDrained)
	stop()
	_ = resp.Body.Close()
}

// peek returns the beginning of the body and puts it back.
func peek(resp *http.Response) []byte {
	stop := hurry(resp)
	defer stop()
	head, err := io.ReadAll(io.LimitReader(resp.Body, mostProblem))
	rest := io.Reader(resp.Body)
	switch {
	case err != nil:
		rest = broken{err}
	case len(head) < mostProblem:
		rest = http.NoBody
	}
	resp.Body = &joined{io.MultiReader(bytes.NewReader(head), rest), resp.Body}
	return head
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// problem is what servers say in the body of a refusal: RFC 9457, the error of
// OAuth, or {"error","message","code"}.
type problem struct {
	Type, Title, Detail       string
	Code, Error, Description  string
	Message, Retry, RequestID string
}

// problemOf reads the body of a refusal, if it is one for programs.
func problemOf(resp *http.Response) problem {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.Body == nil || resp.Body == http.NoBody || kind != "application/json" && !strings.HasSuffix(kind, "+json") ||
		resp.Request != nil && resp.Request.Method == http.MethodHead {
		return problem{}
	}
	return parseProblem(peek(resp))
}

func parseProblem(data []byte) (p problem) {
	var raw map[string]json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return p
	}
	for name, to := range map[string]*string{
		"type": &p.Type, "title": &p.Title, "detail": &p.Detail, "code": &p.Code, "error": &p.Error,
		"error_description": &p.Description, "message": &p.Message, "retry": &p.Retry, "request_id": &p.RequestID,
	} {
		var text string
		if json.Unmarshal(raw[name], &text) == nil {
			*to = printable(text)
		}
	}
	return p
}
