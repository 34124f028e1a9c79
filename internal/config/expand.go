package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxValue bounds what one value takes from elsewhere.
const maxValue = 64 << 10

// expand replaces ${NAME}, ${env:NAME} and ${file:path}; $${ stands for ${.
// elsewhere tells that something was replaced. What was replaced is not looked
// at again, so a variable cannot name a file.
func (l *Loader) expand(s string) (value string, elsewhere bool, err error) {
	if !strings.Contains(s, "${") {
		return s, false, nil
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			break
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1])
			b.WriteString("${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		name, rest, closed := strings.Cut(s[i+2:], "}")
		if !closed {
			return "", false, errors.New(`"${" without "}"`)
		}
		v, err := l.lookup(name)
		if err != nil {
			return "", false, err
		}
		if b.Len()+len(v) > maxValue {
			return "", false, fmt.Errorf("the value has more than %d octets", maxValue)
		}
		b.WriteString(v)
		s, elsewhere = rest, true
	}
	return b.String(), elsewhere, nil
}

// lookup finds what stands between ${ and }.
func (l *Loader) lookup(name string) (string, error) {
	kind, rest, ok := strings.Cut(name, ":")
	if !ok {
		kind, rest = "env", name
	}
	switch kind {
	case "env":
		if !isVariable(rest) {
			return "", fmt.Errorf("%q is no name of a variable", clip(rest, 40))
		}
		v, ok := l.env(rest)
		if !ok {
			return "", fmt.Errorf("the variable %s is not set", rest)
		}
		return v, nil
	case "file":
		if rest == "" {
			return "", errors.New("the path of the file is missing")
		}
		data, err := l.read(below(l.Dir, rest))
		if errors.Is(err, fs.ErrNotExist) {
			return "", absentFile(below(l.Dir, rest))
		}
		if err != nil {
			return "", fmt.Errorf("the file cannot be read: %w", err)
		}
		v := strings.TrimSuffix(string(data), "\n")
		return strings.TrimSuffix(v, "\r"), nil
	}
	return "", fmt.Errorf("%q is neither env nor file", clip(kind, 40))
}

// absentFile is a file that a value refers to and that is not there.
type absentFile string

func (f absentFile) Error() string { return fmt.Sprintf("there is no file %s", clip(string(f), 200)) }

// absentHint says what to do where err is that.
func absentHint(err error) string {
	var f absentFile
	if !errors.As(err, &f) {
		return ""
	}
	return "make it, or correct the path; a program in a container sees only the files that are mounted"
}

func isVariable(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func (l *Loader) env(name string) (string, bool) {
	if l.Env != nil {
		return l.Env(name)
	}
	return os.LookupEnv(name)
}

func (l *Loader) read(path string) ([]byte, error) {
	if l.ReadFile != nil {
		return l.ReadFile(path)
	}
	// A pipe or a device would make the start hang.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err == nil && len(data) > maxValue {
		err = fmt.Errorf("%s has more than %d octets", path, maxValue)
	}
	return data, err
}
