package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/gate401/gate401/reason"
	"go.yaml.in/yaml/v3"
)

// The keys of definitions, in the order in which they are named.
var (
	answerKeys   = []string{"name", "status", "reason", "headers", "challenge", "body", "json", "delay", "over", "fault"}
	endpointKeys = append([]string{"id", "session", "method", "path", "match", "answer", "answers", "then", "every", "rate", "seed", "count"},
		answerKeys[1:]...)
)

// Decode reads endpoints from YAML or JSON: a mapping with the key endpoints, a
// list of endpoints, or one endpoint. name is what errors call the document; it
// may be empty. The error is Errors, all of them at once with their places, and
// then there are no endpoints.
//
// What may be said of an answer may be said of an endpoint too, as in FromQuery.
func Decode(name string, data []byte) ([]Endpoint, error) {
	s := &source{name: name, places: map[string]*yaml.Node{}}
	root := s.parse(data)
	if root == nil {
		return nil, s.errors
	}
	out := []Endpoint{}
	list := func(n *yaml.Node, path string) {
		if n.Kind != yaml.SequenceNode {
			s.wrong(n, path, "a list")
			return
		}
		for i, c := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			s.places[at] = c
			out = append(out, s.endpoint(c, at))
		}
	}
	switch {
	case root.Kind == yaml.SequenceNode:
		list(root, "endpoints")
	case root.Kind == yaml.MappingNode && hasKey(root, "path"):
		s.places["endpoint"] = root
		out = append(out, s.endpoint(root, ""))
	default:
		s.pairs(root, "", []string{"endpoints"}, func(_ string, v *yaml.Node, path string) { list(v, path) })
	}
	if len(s.errors) > 0 {
		return nil, s.errors.sorted()
	}
	return out, nil
}

func hasKey(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// endpoint reads one endpoint and checks it.
func (s *source) endpoint(n *yaml.Node, path string) Endpoint {
	var (
		e       Endpoint
		more    Answer
		details bool
	)
	before := len(s.errors)
	s.pairs(n, path, endpointKeys, func(key string, v *yaml.Node, at string) {
		switch key {
		case "id":
			s.text(v, at, &e.ID)
		case "session":
			s.text(v, at, &e.Session)
		case "method":
			s.text(v, at, &e.Method)
		case "path":
			s.text(v, at, &e.Path)
		case "match":
			s.conditions(v, at, &e.Match)
		case "answer":
			s.short(v, at, &e.Answer)
		case "answers":
			s.answers(v, at, &e.Answers)
		case "then":
			s.text(v, at, (*string)(&e.Then))
		case "every":
			s.whole(v, at, &e.Every)
		case "rate":
			s.number(v, at, &e.Rate)
		case "seed":
			var seed int
			s.whole(v, at, &seed)
			if seed < 0 {
				s.fault(v, at, "", "a seed is not negative")
			}
			e.Seed = uint64(seed)
		case "count":
			s.text(v, at, (*string)(&e.Count))
		case "status":
			if hasKey(n, "answer") {
				s.fault(v, at, "leave one of them out", "there are status and answer")
			}
			s.short(v, at, &e.Answer)
		default:
			details = true
			s.answerKey(key, v, at, &more)
		}
	})
	if details && len(e.Answers) > 0 {
		s.fault(n, path, "say it in each of the answers", "there are answers, and things said of an answer beside them")
	}
	if len(s.errors) > before {
		return e
	}
	c := &checker{}
	if details {
		c.details(&e, more)
	}
	if len(c.errors) == 0 {
		c.errors = e.faults(details)
	}
	prefix := path
	if path != "" {
		prefix += "."
	}
	if path == "" && len(c.errors) > 0 {
		// The one endpoint of a document has no path of its own.
		for _, e := range c.errors {
			if s.places[e.Path] == nil && e.Path != "" && s.places[first(e.Path)] == nil {
				e.Line, e.Column = n.Line, n.Column
			}
		}
	}
	s.locate(prefix, c.errors)
	return e
}

// first is the first key of a path.
func first(path string) string {
	for i, r := range path {
		if r == '.' || r == '[' {
			return path[:i]
		}
	}
	return path
}

func (s *source) answers(n *yaml.Node, path string, to *[]Answer) {
	if n.Kind != yaml.SequenceNode {
		s.wrong(n, path, "a list")
		return
	}
	for i, c := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		s.places[at] = c
		var a Answer
		if c.Kind == yaml.ScalarNode {
			s.fault(c, at, "write {status: 401}, or answer: \""+clip(c.Value)+"\" instead of answers", "an answer is a mapping")
			continue
		}
		s.pairs(c, at, answerKeys, func(key string, v *yaml.Node, at string) {
			switch key {
			case "name":
				s.text(v, at, &a.Name)
			case "status":
				s.whole(v, at, &a.Status)
			default:
				s.answerKey(key, v, at, &a)
			}
		})
		*to = append(*to, a)
	}
}

func (s *source) answerKey(key string, v *yaml.Node, at string, a *Answer) {
	switch key {
	case "reason":
		var code string
		s.text(v, at, &code)
		a.Reason = reason.Code(code)
	case "headers":
		a.Headers = map[string]Values{}
		s.pairs(v, at, nil, func(name string, value *yaml.Node, at string) {
			var values Values
			s.texts(value, at, (*[]string)(&values))
			a.Headers[name] = values
		})
	case "challenge":
		s.texts(v, at, (*[]string)(&a.Challenges))
	case "body":
		s.text(v, at, &a.Body)
	case "json":
		a.JSON = s.json(v, at)
	case "delay":
		s.duration(v, at, &a.Delay)
	case "over":
		s.duration(v, at, &a.Over)
	case "fault":
		s.text(v, at, (*string)(&a.Fault))
	default:
	}
}

func (s *source) text(n *yaml.Node, path string, to *string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		s.wrong(n, path, "text")
		return
	}
	*to = n.Value
}

// texts is a text, or a list of them. A field value may be a number.
func (s *source) texts(n *yaml.Node, path string, to *[]string) {
	if n.Kind == yaml.ScalarNode {
		*to = []string{n.Value}
		return
	}
	if n.Kind != yaml.SequenceNode {
		s.wrong(n, path, "a text or a list of texts")
		return
	}
	for i, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			s.wrong(c, fmt.Sprintf("%s[%d]", path, i), "text")
			continue
		}
		s.places[fmt.Sprintf("%s[%d]", path, i)] = c
		*to = append(*to, c.Value)
	}
}

// short is a text, a number, or a list of both.
func (s *source) short(n *yaml.Node, path string, to *string) {
	var words []string
	s.texts(n, path, &words)
	var b bytes.Buffer
	for i, w := range words {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(w)
	}
	*to = b.String()
	if *to == "" && n.Kind == yaml.ScalarNode {
		s.fault(n, path, `such as "401,401,200"`, "the value is empty")
	}
}

func (s *source) conditions(n *yaml.Node, path string, to *[]Condition) {
	var texts []string
	s.texts(n, path, &texts)
	for i, text := range texts {
		at, node := path, n
		if n.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", path, i)
			node = s.places[at]
		}
		c, err := ParseCondition(text)
		var bad *Error
		if errors.As(err, &bad) {
			s.fault(node, at, bad.Hint, "%s", bad.Message)
			continue
		}
		*to = append(*to, c)
	}
}

func (s *source) whole(n *yaml.Node, path string, to *int) {
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && err == nil {
			s.fault(n, path, "leave the quotes out", "this is text, and a whole number is wanted")
			return
		}
		s.wrong(n, path, "a whole number")
		return
	}
	*to = i
}

func (s *source) number(n *yaml.Node, path string, to *float64) {
	f, err := strconv.ParseFloat(n.Value, 64)
	if tag := n.ShortTag(); n.Kind != yaml.ScalarNode || tag != "!!int" && tag != "!!float" || err != nil || math.IsInf(f, 0) {
		s.wrong(n, path, "a number")
		return
	}
	*to = f
}

func (s *source) duration(n *yaml.Node, path string, to *Duration) {
	if n.Kind != yaml.ScalarNode {
		s.wrong(n, path, "a time such as 500ms")
		return
	}
	var d time.Duration
	d, err := parseDelay(n.Value)
	var bad *Error
	if errors.As(err, &bad) {
		s.fault(n, path, bad.Hint, "%s", bad.Message)
		return
	}
	*to = Duration(d)
}

// json writes a value as JSON, members in the order in which they stand there.
func (s *source) json(n *yaml.Node, path string) json.RawMessage {
	var b bytes.Buffer
	s.appendJSON(&b, n, path)
	return b.Bytes()
}

func (s *source) appendJSON(b *bytes.Buffer, n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		var seen []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || slices.Contains(seen, key.Value) {
				s.fault(key, path, "", "a member of JSON has one name, and each name is there once")
				return
			}
			if i > 0 {
				b.WriteByte(',')
			}
			if len(seen) < 1000 { // what is longer is not checked for names that are there twice
				seen = append(seen, key.Value)
			}
			appendString(b, key.Value)
			b.WriteByte(':')
			s.appendJSON(b, n.Content[i+1], path)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			s.appendJSON(b, c, path)
		}
		b.WriteByte(']')
	default:
		s.appendScalar(b, n, path)
	}
}

func (s *source) appendScalar(b *bytes.Buffer, n *yaml.Node, path string) {
	switch n.ShortTag() {
	case "!!null":
		b.WriteString("null")
	case "!!bool":
		var v bool
		if n.Decode(&v) == nil {
			b.WriteString(strconv.FormatBool(v))
			return
		}
		appendString(b, n.Value)
	case "!!int", "!!float":
		// As it was written, where JSON writes numbers so.
		if json.Valid([]byte(n.Value)) {
			b.WriteString(n.Value)
			return
		}
		var v any
		if err := n.Decode(&v); err == nil {
			if out, err := json.Marshal(v); err == nil {
				b.Write(out)
				return
			}
		}
		s.fault(n, path, "put it in quotes", "%s is no number of JSON", quote(n.Value))
	default:
		appendString(b, n.Value)
	}
}

func appendString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text, into memory
	b.Truncate(b.Len() - 1)
}
