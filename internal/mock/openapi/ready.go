package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Ready is an operation with what to send to it.
type Ready struct {
	Operation
	// URL is an address of it.
	URL string `json:"url"`
	// Curl is a command that it answers, with credentials that it accepts.
	Curl string `json:"curl"`
}

// Ready lists the operations, each with a request that it accepts. origin is
// scheme and host of the mock, and credentials are what Credentials returned.
func (d *Document) Ready(origin string, credentials []Credential) []Ready {
	first := map[string]string{}
	for _, c := range credentials {
		if _, ok := first[c.Scheme]; !ok {
			first[c.Scheme] = c.Curl // that with all scopes
		}
	}
	out := make([]Ready, len(d.operations))
	for i, o := range d.operations {
		words := []string{"curl -i"}
		switch o.Method {
		case http.MethodGet:
		case http.MethodHead:
			words[0] = "curl -I"
		default:
			words = append(words, "-X "+o.Method)
		}
		for _, u := range o.easiest() {
			words = append(words, first[u.scheme.name])
		}
		address := origin + d.bases[0] + o.sample()
		out[i] = Ready{Operation: o.Operation, URL: address, Curl: strings.Join(append(words, word(address)), " ")}
	}
	return out
}

// easiest is the alternative with the fewest schemes among those that a request
// can fulfil as a whole; one that asks for nothing shows nothing.
func (o *operation) easiest() []*use {
	var best []*use
	for _, alt := range o.alternatives {
		whole := len(alt.uses) > 0
		for _, u := range alt.uses {
			whole = whole && u.gate != nil
		}
		if whole && (best == nil || len(alt.uses) < len(best)) {
			best = alt.uses
		}
	}
	return best
}

// sample is a path that the operation answers.
func (o *operation) sample() string {
	var b strings.Builder
	rest := o.Path
	for {
		before, name, ok := strings.Cut(rest, "{")
		name, after, closed := strings.Cut(name, "}")
		if !ok || !closed {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(before + url.PathEscape(o.example(name)))
		rest = after
	}
}

// example is what may stand for a parameter of the path.
func (o *operation) example(name string) string {
	var value any
	p := o.spec.Parameters.GetByInAndName(openapi3.ParameterInPath, name)
	if p == nil {
		p = o.shared.GetByInAndName(openapi3.ParameterInPath, name)
	}
	if p != nil {
		value = p.Example
		if value == nil && p.Schema != nil && p.Schema.Value != nil {
			value, _ = stated(p.Schema.Value)
		}
	}
	switch v := value.(type) {
	case string, bool, int, int64, float64, json.Number:
		if text := fmt.Sprint(v); text != "" && text != "." && text != ".." && len(text) <= 64 {
			return text
		}
	}
	return "1"
}

// word quotes s for a shell where it must be.
func word(s string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("-._~%/:@=+,", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if s == "" || strings.ContainsFunc(s, special) {
		return shell(s)
	}
	return s
}
