package gate401

import (
	"encoding/json"
	"net/http"

	"github.com/gate401/gate401/reason"
)

// problemBody is the problem document (RFC 9457 section 3) of a reason, cut in
// two where the request id goes.
func problemBody(info reason.Info, problems, support string) (head, tail string) {
	const mark = "\x00"
	doc := struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Code      string `json:"code"`
		Error     string `json:"error,omitempty"`
		Retry     string `json:"retry"`
		RequestID string `json:"request_id"`
		Detail    string `json:"detail"`
		Support   string `json:"support,omitempty"`
	}{problems + string(info.Code), info.Title, info.Status, string(info.Code), info.Error, string(info.Retry), mark, info.Detail, support}
	text := string(mustJSON(doc)) + "\n"
	const encoded = "\\u0000"
	for i := 0; i+len(encoded) <= len(text); i++ {
		if text[i:i+len(encoded)] == encoded {
			return text[:i], text[i+len(encoded):]
		}
	}
	return text, ""
}

// Document is the body that a program gets for code, as for the refusal of r: for
// surfaces that tell the reason elsewhere than in a response of its own, such as
// at the end of a stream.
func (p *Responder) Document(r *Request, code reason.Code) []byte {
	p.once.Do(p.prepare)
	a := p.answer(code)
	if p.Format == FormatSimple {
		return []byte(a.head)
	}
	return []byte(a.head + r.ID + a.tail)
}

// simpleBody is the shape of errors.format simple.
func simpleBody(info reason.Info) string {
	words := map[int]string{
		http.StatusBadRequest: "bad_request", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
		http.StatusTooManyRequests: "too_many_requests", http.StatusServiceUnavailable: "service_unavailable",
	}
	return string(mustJSON(struct {
		Error   string `json:"error"`
		Message string `json:"message"`
		Code    int    `json:"code"`
	}{words[info.Status], info.Title + ". " + info.Detail, info.Status})) + "\n"
}

// graphqlBody is a GraphQL response with one error and no data: nothing was
// resolved (GraphQL over HTTP; the codes are those that Apollo made common).
func graphqlBody(r *Request, info reason.Info, problems string) []byte {
	code := "FORBIDDEN"
	switch info.Status {
	case http.StatusUnauthorized:
		code = "UNAUTHENTICATED"
	case http.StatusBadRequest:
		code = "BAD_REQUEST"
	case http.StatusTooManyRequests:
		code = "TOO_MANY_REQUESTS"
	case http.StatusServiceUnavailable:
		code = "SERVICE_UNAVAILABLE"
	}
	type extensions struct {
		Code      string `json:"code"`
		Type      string `json:"type"`
		Reason    string `json:"reason"`
		Retry     string `json:"retry"`
		RequestID string `json:"request_id"`
		Detail    string `json:"detail"`
	}
	type graphqlError struct {
		Message    string     `json:"message"`
		Extensions extensions `json:"extensions"`
	}
	return append(mustJSON(map[string][]graphqlError{"errors": {{
		info.Title, extensions{code, problems + string(info.Code), string(info.Code), string(info.Retry), r.ID, info.Detail},
	}}}), '\n')
}

// mustJSON encodes what cannot fail: structs of strings and numbers.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
