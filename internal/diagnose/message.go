package diagnose

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"unicode"

	"github.com/gate401/gate401/internal/capture"
)

// message is what the body of a response says about a failure, as far as it
// follows one of the usual shapes.
type message struct {
	code  string // error, code
	text  string // error_description, detail, message, title
	hint  string // what the server adds to it
	scope string // what it asks for
	json  bool
	fail  bool // it says that it is a failure
	shape string
	page  string // type of a problem
}

// maxMessage is how long a body is read for what it says.
const maxMessage = 64 << 10

// readMessage reads the usual shapes of an error: problem details (RFC 9457),
// OAuth (RFC 6749 section 5.2), GraphQL, {"message": ...} and its kin; and of
// refusals that are no JSON, a line of text, the title of a page, and the Code
// and Message of XML.
func readMessage(r *capture.Response) message {
	body := strings.TrimSpace(string(r.Body[:min(len(r.Body), maxMessage)]))
	switch kind := strings.ToLower(r.Header.Get("Content-Type")); {
	case strings.HasPrefix(body, "{") && len(r.Body) <= maxMessage:
		var all map[string]any
		if json.Unmarshal([]byte(body), &all) == nil {
			return readObject(all, strings.Contains(kind, "problem+json"))
		}
	case strings.HasPrefix(body, "[") && len(r.Body) <= maxMessage && r.Status >= http.StatusBadRequest:
		var all []map[string]any
		if json.Unmarshal([]byte(body), &all) == nil && len(all) > 0 {
			return readObject(all[0], false)
		}
	case r.Status < http.StatusBadRequest:
	case strings.Contains(body, "</Code>"), strings.Contains(body, "</Message>"):
		return message{code: element(body, "Code"), text: element(body, "Message"), shape: "xml"}
	case strings.Contains(kind, "html"):
		for _, name := range [...]string{"title", "h1", "pre"} {
			if text := element(body, name); text != "" && !statusWords(text) {
				return message{text: text, shape: "page"}
			}
		}
	case strings.HasPrefix(kind, "text/plain"), kind == "":
		if text := strings.Join(strings.Fields(body), " "); len(body) <= 500 && readable(text) && !statusWords(text) {
			return message{text: text, shape: "text"}
		}
	}
	return message{}
}

// readObject reads the error of a JSON object.
func readObject(all map[string]any, problem bool) message {
	text := func(names ...string) string {
		for _, name := range names {
			if v, ok := all[name].(string); ok && v != "" {
				return v
			}
		}
		return ""
	}
	m := message{json: true, shape: "simple", hint: text("hint"), scope: text("scope", "needed")}
	m.code, m.text = text("code", "error", "errorCode", "error_code"), text("error_description", "detail", "message", "title", "msg", "description", "reason", "Message", "errorMessage", "errors",
		"errorSummary", "error_summary", "details", "exp", "nbf", "exception")
	switch {
	case problem:
		m.shape, m.page = "problem", text("type")
	case text("error") != "" && m.code == text("error"):
		m.shape = "oauth"
	}
	m.list(all["errors"])
	if m.text == "" {
		m.places(all["detail"])
	}
	for _, name := range [...]string{"code", "status", "statusCode"} {
		if v, ok := all[name].(float64); ok && (v == 401 || v == 403) {
			m.fail = m.text != ""
		}
	}
	if e, ok := all["error"].(map[string]any); ok {
		for _, name := range [...]string{"reason", "message"} {
			if v, ok := e[name].(string); ok && v != "" {
				m.text = v
			}
		}
		m.code, _ = e["code"].(string)
		if v, ok := e["code"].(float64); ok && (v == 401 || v == 403) {
			m.fail = true
		}
	}
	if e, ok := all["fault"].(map[string]any); ok && m.text == "" {
		m.text, _ = e["faultstring"].(string)
	}
	if strings.ContainsAny(m.text, "\n\t") {
		m.text = strings.Join(strings.Fields(m.text), " ")
	}
	m.fail = m.fail || saysUnauthorized(m.code) || saysUnauthorized(text("error"))
	if m.text == "" && strings.Contains(m.code, " ") {
		m.code, m.text = "", m.code // a sentence is no code
	}
	return m
}

// list reads "errors": of GraphQL, of JSON:API, or plain texts.
func (m *message) list(errors any) {
	list, ok := errors.([]any)
	if !ok || len(list) == 0 {
		return
	}
	switch first := list[0].(type) {
	case string:
		m.text = first
	case map[string]any:
		m.shape = "graphql"
		for _, name := range [...]string{"title", "detail", "message"} {
			if v, ok := first[name].(string); ok {
				m.text = v
			}
		}
		if about, ok := first["context"].(map[string]any); ok { // HubSpot
			for _, name := range [...]string{"requiredGranularScopes", "requiredScopes"} {
				m.scope = joined(m.scope, about[name])
			}
		}
		if v, ok := first["code"].(string); ok {
			m.code = v
		}
		if ext, ok := first["extensions"].(map[string]any); ok {
			m.code, _ = ext["code"].(string)
		}
		if chain, ok := first["error_chain"].([]any); ok && len(chain) > 0 {
			if last, ok := chain[len(chain)-1].(map[string]any); ok {
				if v, ok := last["message"].(string); ok {
					m.text = v
				}
			}
		}
	}
}

// places reads the list of FastAPI: where something is wrong, and what.
func (m *message) places(detail any) {
	list, _ := detail.([]any)
	if len(list) == 0 {
		return
	}
	first, _ := list[0].(map[string]any)
	if what, ok := first["msg"].(string); ok {
		m.text = strings.TrimPrefix(strings.ReplaceAll(joined("", first["loc"]), " ", ".")+": "+what, ": ")
	}
}

// joined adds the words of a list to others.
func joined(words string, list any) string {
	all, _ := list.([]any)
	for _, v := range all {
		if word, ok := v.(string); ok && len(words) < 200 {
			words = strings.TrimSpace(words + " " + word)
		}
	}
	return words
}

// element is the first line of text in an element of HTML or XML.
func element(body, name string) string {
	lower := strings.ToLower(body)
	if len(lower) != len(body) {
		return "" // offsets would not fit
	}
	name = strings.ToLower(name)
	at := strings.Index(lower, "<"+name)
	if at < 0 {
		return ""
	}
	begin, end := strings.IndexByte(body[at:], '>'), strings.Index(lower[at:], "</"+name)
	if begin < 0 || end < begin {
		return ""
	}
	inner := strings.TrimSpace(body[at+begin+1 : at+end])
	inner, _, _ = strings.Cut(inner, "<")
	inner, _, _ = strings.Cut(inner, "\n")
	text := strings.Join(strings.Fields(html.UnescapeString(inner)), " ")
	if len(text) > 500 || !readable(text) {
		return ""
	}
	return text
}

// readable: it is text, and not what a broken decoder or a binary file gives.
func readable(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) < 0
}

// statusWords tells that a text says no more than the status line does.
func statusWords(text string) bool {
	word := func(r rune) bool { return !unicode.IsLetter(r) }
	for _, w := range strings.FieldsFunc(strings.ToLower(text), word) {
		switch w {
		case "http", "error", "status", "unauthorized", "unauthorised", "authorization", "authorisation", "authentication", "required", "forbidden", "access", "denied",
			"bad", "request", "not", "found", "permission", "the", "is", "to", "you", "are", "this", "server", "resource", "requested", "e", "nginx", "apache", "code", "response",
			"proxy", "tomcat", "type", "message", "report":
		default:
			return false
		}
	}
	return true
}

// saysUnauthorized knows the words by which answers say that nobody is logged
// in.
func saysUnauthorized(code string) bool {
	switch strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSuffix(code, "."))) {
	case "unauthorized", "unauthenticated", "invalid_token", "token_expired", "authentication_required", "not_authenticated",
		"invalid_credentials", "login_required", "jwt_expired", "not_logged_in", "401", "authentication_failed",
		"invalid_auth", "not_authed", "token_revoked", "invalid_api_key", "account_inactive",
		"missing_scope", "not_allowed_token_type", "no_permission", "invalid_jwt":
		return true
	}
	return false
}
