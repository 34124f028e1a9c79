package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// source is the text of a file and where its keys are.
type source struct {
	name  string
	dir   string // that relative paths are resolved against
	lines []string
	// places are those of the values, by path.
	places map[string]place
	// raw holds the text of values as it is in the file, where part of them
	// came from elsewhere.
	raw map[string]string
}

type place struct{ line, column int }

func at(n *yaml.Node) place { return place{n.Line, n.Column} }

func newSource(name, text, dir string) *source {
	return &source{
		name:   name,
		dir:    dir,
		lines:  yamldoc.Split(strings.TrimPrefix(text, "\uFEFF")),
		places: map[string]place{},
		raw:    map[string]string{},
	}
}

// fault makes an Error at p.
func (s *source) fault(p place, path, message, hint string) *Error {
	e := &Error{Path: path, Message: message, Hint: hint}
	if s == nil {
		return e
	}
	e.File, e.Line, e.Column = s.name, p.line, p.column
	e.snippet = s.snippet(p)
	return e
}

// more stands for the faults beyond maxFaults.
func (s *source) more() *Error {
	return s.fault(place{}, "", "there are more faults, which are not shown", "")
}

// find is the place of the key at path, or of the nearest key above it; zero
// where the file has none of them.
func (s *source) find(path string) place {
	if s == nil {
		return place{}
	}
	for path != "" {
		if p, ok := s.places[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
	}
	return place{}
}

// quote quotes the value at path, as it is in the file: what came from the
// environment or from another file may be a secret.
func (s *source) quote(path, value string) string {
	if s != nil {
		if raw, ok := s.raw[path]; ok {
			value = raw
		}
	}
	return strconv.Quote(clip(value, 100))
}

// clip shortens s to at most n octets at a boundary of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// snippetWidth is how many characters of a line are shown; of a line with more
// than maxLine octets none are.
const (
	snippetWidth = 100
	maxLine      = 4096
)

// snippet is the line of p with a mark below the column.
func (s *source) snippet(p place) string {
	if p.line < 1 || p.line > len(s.lines) || len(s.lines[p.line-1]) > maxLine {
		return ""
	}
	line := []rune(strings.TrimRight(s.lines[p.line-1], "\r"))
	column := min(max(p.column-1, 0), len(line))
	line, column = maskUserinfo(line, column)
	line, column = maskSecrets(line, column)
	if cut := column - snippetWidth*3/4; cut > 0 && len(line) > snippetWidth {
		line, column = append([]rune("..."), line[cut:]...), column-cut+3
	}
	if len(line) > snippetWidth {
		line = append(line[:snippetWidth:snippetWidth], []rune("...")...)
	}
	var text, mark strings.Builder
	for i, r := range line {
		if r != '\t' && !unicode.IsPrint(r) {
			// A terminal must not obey a file that someone sent us.
			r = '\uFFFD'
		}
		text.WriteRune(r)
		if i < column {
			if r != '\t' {
				r = ' '
			}
			mark.WriteRune(r)
		}
	}
	number := fmt.Sprintf("%5d | ", p.line)
	return number + text.String() + "\n" + strings.Repeat(" ", len(number)-2) + "| " + mark.String() + "^\n"
}

// maskUserinfo hides what stands between "://" and "@": URLs of databases carry
// passwords there (RFC 3986 section 3.2.1).
func maskUserinfo(line []rune, column int) ([]rune, int) {
	var out []rune
	moved := column
	for i := 0; i < len(line); i++ {
		out = append(out, line[i])
		if i < 2 || string(line[i-2:i+1]) != "://" {
			continue
		}
		end := i + 1
		last := -1
		for end < len(line) && !strings.ContainsRune(" \t\"',", line[end]) {
			if line[end] == '@' {
				last = end
			}
			end++
		}
		if last < 0 {
			continue
		}
		if column > i {
			moved += len(redacted) - (last - i - 1)
		}
		out = append(out, []rune(redacted)...)
		i = last - 1
	}
	return out, min(max(moved, 0), len(out))
}

// maskSecrets hides the values of keys that look as if they held a secret,
// right or wrongly spelt, and keeps column where it points to.
func maskSecrets(line []rune, column int) ([]rune, int) {
	var out []rune
	moved := column
	for i := 0; i < len(line); {
		end := i
		for end < len(line) && (unicode.IsLetter(line[end]) || unicode.IsDigit(line[end]) || line[end] == '_' || line[end] == '-') {
			end++
		}
		if end == i {
			out = append(out, line[i])
			i++
			continue
		}
		key := string(line[i:end])
		out = append(out, line[i:end]...)
		i = end
		if !secretish(key) {
			continue
		}
		colon := i
		for colon < len(line) && strings.ContainsRune(`"' :`, line[colon]) {
			colon++
		}
		if !strings.ContainsRune(string(line[i:colon]), ':') {
			continue
		}
		if colon < len(line) && line[colon] == '{' && distance(strings.ToLower(key), "secret") > 2 {
			// A method that somebody called token.
			continue
		}
		// An opening quote belongs to the value.
		for colon > i && (line[colon-1] == '"' || line[colon-1] == '\'') {
			colon--
		}
		stop := endOfValue(line, colon)
		out = append(out, line[i:colon]...)
		value := string(line[colon:stop])
		if value != "" && !reference(value) {
			if column > colon && column < stop {
				moved = len(out)
			} else if column >= stop {
				moved += len(redacted) - (stop - colon)
			}
			out = append(out, []rune(redacted)...)
		} else {
			out = append(out, line[colon:stop]...)
		}
		i = stop
	}
	return out, min(max(moved, 0), len(out))
}

// endOfValue is where a scalar ends on its line, seen with suspicion: rather too
// much is hidden than too little.
func endOfValue(line []rune, i int) int {
	if i < len(line) && (line[i] == '"' || line[i] == '\'') {
		for j := i + 1; j < len(line); j++ {
			if line[j] == '\\' && line[i] == '"' {
				j++
			} else if line[j] == line[i] {
				return j + 1
			}
		}
		return len(line)
	}
	return len(line)
}

// reference tells whether a value only says where the secret is.
func reference(v string) bool {
	v = strings.Trim(v, `"' }`)
	return strings.HasPrefix(v, "${") && strings.Count(v, "$") == 1 && strings.IndexByte(v, '}') < 0 && !strings.ContainsAny(v, ", ")
}

// secretish tells whether a key looks as if it held a secret.
func secretish(key string) bool {
	key = strings.ToLower(key)
	for _, word := range [...]string{"secret", "passwd", "pwd", "token", "private"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return distance(key, "secret") <= 2 || (strings.Contains(key, "password") && key != "password")
}
