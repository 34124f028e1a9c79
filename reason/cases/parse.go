package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gate401/gate401/reason"
)

// maxRepeat bounds how often one request may be sent.
const maxRepeat = 1000

// section is one file of the archive.
type section struct {
	name string
	body string
	line int // of its marker
}

// Parse reads one case file. The error names file and line.
func Parse(name string, data []byte) (Case, error) {
	c := Case{Name: name, Log: map[string]string{}}
	c.Code, c.Variant = split(name)
	fail := func(line int, format string, args ...any) (Case, error) {
		return Case{}, fmt.Errorf("%s:%d: "+format, append([]any{name, line}, args...)...)
	}
	if _, ok := reason.Lookup(c.Code); !ok {
		return fail(1, "the file is named after %q, which is no reason", c.Code)
	}
	comment, sections := archive(string(data))
	first, _, _ := strings.Cut(comment, "\n")
	if c.Title = strings.TrimSpace(strings.TrimPrefix(first, "#")); c.Title == "" || !strings.HasPrefix(first, "# ") {
		return fail(1, "the first line is no comment that says what the case shows")
	}
	seen := map[string]bool{}
	for _, s := range sections {
		kind, rest, _ := strings.Cut(s.name, " ")
		if seen[kind] {
			return fail(s.line, "section %q is there twice", kind)
		}
		seen[kind] = true
		if rest != "" && !strings.HasPrefix(kind, "request") {
			return fail(s.line, "section %q takes no argument", kind)
		}
		var err error
		switch {
		case kind == "rules.yaml":
			c.Rules = s.body
		case kind == "response":
			c.Response, err = parseResponse(s.body)
		case kind == "log":
			err = parseLog(s.body, c.Log)
		case kind == requestName(len(c.Requests)):
			var q Request
			q, err = parseRequest(s.body, rest)
			c.Requests = append(c.Requests, q)
		default:
			err = fmt.Errorf("unexpected section %q", kind)
		}
		if err != nil {
			return fail(s.line, "%w", err)
		}
	}
	for _, need := range []string{"rules.yaml", "request", "response", "log"} {
		if !seen[need] {
			return fail(1, "section %q is missing", need)
		}
	}
	return c, nil
}

// requestName is "request", "request.2", "request.3", ...
func requestName(i int) string {
	if i == 0 {
		return "request"
	}
	return "request." + strconv.Itoa(i+1)
}

// archive splits the txtar format: a comment, then sections that begin with a
// line "-- NAME --".
func archive(data string) (comment string, sections []section) {
	line := 0
	var b strings.Builder
	flush := func() {
		if len(sections) == 0 {
			comment = b.String()
		} else {
			sections[len(sections)-1].body = b.String()
		}
		b.Reset()
	}
	for l := range strings.Lines(data) {
		line++
		text := strings.TrimRight(l, "\r\n")
		if name, ok := strings.CutPrefix(text, "-- "); ok {
			if name, ok := strings.CutSuffix(name, " --"); ok {
				flush()
				sections = append(sections, section{name: strings.TrimSpace(name), line: line})
				continue
			}
		}
		b.WriteString(text)
		b.WriteByte('\n')
	}
	flush()
	return comment, sections
}

// parseRequest reads a request; argument is "" or "xN".
func parseRequest(body, argument string) (Request, error) {
	q := Request{Repeat: 1}
	if argument != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(argument, "x"))
		if err != nil || n < 1 || n > maxRepeat || !strings.HasPrefix(argument, "x") {
			return Request{}, fmt.Errorf("%q is not x and a number up to %d", argument, maxRepeat)
		}
		q.Repeat = n
	}
	head, content, found := strings.Cut(strings.TrimLeft(body, "\n"), "\n\n")
	content = strings.TrimRight(content, "\n")
	if !found {
		head = strings.TrimRight(head, "\n")
	}
	lines := strings.Split(head, "\n")
	// A placeholder in the target holds a space of its own.
	if target, ok := strings.CutSuffix(lines[0], " HTTP/1.1"); !ok || !strings.Contains(target, " /") {
		return Request{}, fmt.Errorf("%q is no request line", lines[0])
	}
	q.Raw = strings.Join(lines, "\r\n") + "\r\n\r\n" + content
	return q, nil
}

// parseResponse reads a status line, field lines, and a JSON object behind an
// empty line.
func parseResponse(body string) (Response, error) {
	r := Response{Header: map[string]string{}}
	head, content, _ := strings.Cut(strings.TrimLeft(body, "\n"), "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	code, ok := strings.CutPrefix(lines[0], "HTTP/1.1 ")
	code, text, _ := strings.Cut(code, " ")
	status, err := strconv.Atoi(code)
	if !ok || err != nil || http.StatusText(status) != text {
		return Response{}, fmt.Errorf("%q is no status line", lines[0])
	}
	r.Status = status
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ": ")
		if !ok {
			return Response{}, fmt.Errorf("%q is no field line", l)
		}
		if name != http.CanonicalHeaderKey(name) && name != "WWW-Authenticate" {
			return Response{}, fmt.Errorf("field name %q is written %q", name, http.CanonicalHeaderKey(name))
		}
		if name == "WWW-Authenticate" {
			r.Challenges = append(r.Challenges, value)
			continue
		}
		if _, twice := r.Header[name]; twice {
			return Response{}, fmt.Errorf("field %s is there twice", name)
		}
		r.Header[name] = value
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(content)))
	if err := dec.Decode(&r.Body); err != nil {
		return Response{}, fmt.Errorf("reading the body: %w", err)
	}
	if dec.More() {
		return Response{}, fmt.Errorf("text behind the body")
	}
	return r, nil
}

// parseLog reads "key=value" pairs, separated by spaces or line ends. A value
// with spaces stands in quotation marks.
func parseLog(body string, into map[string]string) error {
	for rest := strings.TrimLeft(body, " \n"); rest != ""; rest = strings.TrimLeft(rest, " \n") {
		key, after, ok := strings.Cut(rest, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \n\"") {
			return fmt.Errorf("%q is no key=value", rest)
		}
		end := strings.IndexAny(after+"\n", " \n")
		value := after[:min(end, len(after))]
		if strings.HasPrefix(after, `"`) {
			quoted, err := strconv.QuotedPrefix(after)
			if err != nil {
				return fmt.Errorf("value of %s: %w", key, err)
			}
			end = len(quoted)
			if value, err = strconv.Unquote(quoted); err != nil {
				return fmt.Errorf("value of %s: %w", key, err)
			}
		}
		if _, twice := into[key]; twice {
			return fmt.Errorf("%s is there twice", key)
		}
		into[key] = value
		rest = after[min(end, len(after)):]
	}
	return nil
}

// Keys lists the keys of the log pairs, sorted.
func (c Case) Keys() []string {
	keys := make([]string, 0, len(c.Log))
	for k := range c.Log {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
