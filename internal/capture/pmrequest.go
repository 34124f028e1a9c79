package capture

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// pmRequest is a request, or in format 2 just its URL.
type pmRequest struct {
	Method string
	URL    pmURL
	Header pmHeader
	Body   *pmBody
	Auth   *pmAuth
}

// UnmarshalJSON reads an object or a string.
func (q *pmRequest) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &q.URL.Raw)
	}
	var v struct {
		Method string   `json:"method"`
		URL    pmURL    `json:"url"`
		Header pmHeader `json:"header"`
		Body   *pmBody  `json:"body"`
		Auth   *pmAuth  `json:"auth"`
	}
	err := unmarshal(data, &v)
	*q = pmRequest(v)
	return err
}

// pmPair is a field, a variable or a parameter.
type pmPair struct {
	Key      string `json:"key"`
	ID       string `json:"id"`
	Value    any    `json:"value"`
	Disabled bool   `json:"disabled"`
	Enabled  *bool  `json:"enabled"`
	Type     string `json:"type"`
	Src      any    `json:"src"`
}

func (p pmPair) off() bool { return p.Disabled || p.Enabled != nil && !*p.Enabled }

func (p pmPair) text() string { return pmText(p.Value) }

func pmText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// pmHeader is a list of pairs, or lines of text.
type pmHeader []pmPair

// UnmarshalJSON reads a list, whose members may be lines, or a string.
func (h *pmHeader) UnmarshalJSON(data []byte) error {
	var text string
	var list []json.RawMessage
	switch {
	case json.Unmarshal(data, &text) == nil:
		for line := range strings.SplitSeq(text, "\n") {
			h.line(line)
		}
	case json.Unmarshal(data, &list) == nil:
		for _, item := range list {
			var p pmPair
			if json.Unmarshal(item, &text) == nil {
				h.line(text)
			} else if unmarshal(item, &p) == nil {
				*h = append(*h, p)
			}
		}
	}
	return nil
}

func (h *pmHeader) line(line string) {
	if name, value, ok := strings.Cut(line, ":"); ok {
		*h = append(*h, pmPair{Key: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
}

func (h pmHeader) fields(s *resolver) Header {
	var out Header
	for _, p := range h {
		if name := s.resolve(p.Key); name != "" && !p.off() && len(out) < maxFields {
			out = append(out, Field{name, strings.Trim(s.resolve(p.text()), " \t")})
		}
	}
	return out
}

// pmURL is a string, or an object with the string and its parts.
type pmURL struct {
	Raw      string
	Protocol string
	Host     pmPath
	Path     pmPath
	Port     string
	Query    []pmPair
	Variable []pmPair
}

// pmPath is a string or a list of strings.
type pmPath []string

// UnmarshalJSON reads a string, or a list of strings or of objects with a value.
func (p *pmPath) UnmarshalJSON(data []byte) error {
	var text string
	var list []any
	switch {
	case json.Unmarshal(data, &text) == nil:
		*p = pmPath{text}
	case json.Unmarshal(data, &list) == nil:
		for _, item := range list {
			if object, ok := item.(map[string]any); ok {
				item = object["value"]
			}
			*p = append(*p, pmText(item))
		}
	}
	return nil
}

// UnmarshalJSON reads an object or a string.
func (u *pmURL) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &u.Raw)
	}
	var v struct {
		Raw      string   `json:"raw"`
		Protocol string   `json:"protocol"`
		Host     pmPath   `json:"host"`
		Path     pmPath   `json:"path"`
		Port     string   `json:"port"`
		Query    []pmPair `json:"query"`
		Variable []pmPair `json:"variable"`
	}
	err := unmarshal(data, &v)
	*u = pmURL(v)
	return err
}

// text is the URL, and the query that is to be added. Parameters that are
// switched off stay in the parts, and are not in "raw".
func (u pmURL) text(s *resolver) (text, query string) {
	text = u.Raw
	if text == "" {
		text = strings.Join(u.Host, ".")
		if u.Protocol != "" {
			text = u.Protocol + "://" + text
		}
		if u.Port != "" {
			text += ":" + u.Port
		}
		if len(u.Path) > 0 {
			text += "/" + strings.TrimPrefix(strings.Join(u.Path, "/"), "/")
		}
		var pairs []string
		for _, q := range u.Query {
			if !q.off() {
				pairs = append(pairs, s.resolve(q.Key)+"="+s.resolve(q.text()))
			}
		}
		query = strings.Join(pairs, "&")
	}
	path, rest, hasQuery := strings.Cut(text, "?")
	for _, v := range u.Variable {
		name := v.Key
		if name == "" {
			name = v.ID
		}
		if value := s.resolve(v.text()); name != "" && value != "" && len(path) < MaxText {
			path = replaceSegment(path, ":"+name, url.PathEscape(value))
		}
	}
	if hasQuery {
		path += "?" + rest
	}
	return s.resolve(path), query
}

// replaceSegment replaces whole segments of a path: /:id but not /:identity.
func replaceSegment(path, segment, value string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == segment {
			parts[i] = value
		}
	}
	return strings.Join(parts, "/")
}

type pmBody struct {
	Mode       string   `json:"mode"`
	Raw        string   `json:"raw"`
	URLEncoded []pmPair `json:"urlencoded"`
	FormData   []pmPair `json:"formdata"`
	GraphQL    *struct {
		Query     string `json:"query"`
		Variables any    `json:"variables"`
	} `json:"graphql"`
	Disabled bool `json:"disabled"`
	Options  struct {
		Raw struct {
			Language string `json:"language"`
		} `json:"raw"`
	} `json:"options"`
}

// content is the body and the Content-Type that Postman gives it.
func (b *pmBody) content(s *resolver) (body []byte, kind string) {
	if b == nil || b.Disabled {
		return nil, ""
	}
	switch b.Mode {
	case "raw":
		languages := map[string]string{"json": "application/json", "xml": "application/xml", "html": "text/html", "javascript": "application/javascript", "text": "text/plain"}
		kind = languages[b.Options.Raw.Language]
		if body = nonEmpty(s.resolve(b.Raw)); kind == "" && body != nil {
			kind = "text/plain"
		}
		return body, kind
	case "urlencoded":
		var pairs []string
		for _, p := range b.URLEncoded {
			if !p.off() {
				pairs = append(pairs, url.QueryEscape(s.resolve(p.Key))+"="+url.QueryEscape(s.resolve(p.text())))
			}
		}
		return nonEmpty(strings.Join(pairs, "&")), "application/x-www-form-urlencoded"
	case "formdata":
		j := curlJob{}
		for _, p := range b.FormData {
			if p.off() {
				continue
			}
			part := formPart{name: s.resolve(p.Key), value: s.resolve(p.text())}
			if p.Type == "file" {
				part.file, part.value = "file", ""
			}
			j.form = append(j.form, part)
		}
		return j.formBody(), "multipart/form-data; boundary=" + formBoundary
	case "graphql":
		if b.GraphQL == nil {
			return nil, ""
		}
		vars := b.GraphQL.Variables
		var parsed any
		if text, ok := vars.(string); ok && json.Unmarshal([]byte(s.resolve(text)), &parsed) == nil {
			vars = parsed
		}
		data, err := json.Marshal(map[string]any{"query": s.resolve(b.GraphQL.Query), "variables": vars})
		if err != nil {
			return nil, ""
		}
		return data, "application/json"
	}
	return nil, ""
}
