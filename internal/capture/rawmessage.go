package capture

import (
	"strconv"
	"strings"
)

// startLine reads a request line or a status line (RFC 9112 sections 3 and 4).
// A request line may lack its version, as in .http files, if its target is a
// whole URL.
func startLine(line string) (rawMessage, bool) {
	if strings.HasPrefix(line, "HTTP/") {
		return statusLine(line)
	}
	first, rest, ok := strings.Cut(line, " ")
	if !ok || !isMethod(first) {
		return rawMessage{}, false
	}
	target, version, ok := cutLast(rest, " ")
	if !ok || !isVersion(version) {
		target, version = strings.TrimSpace(rest), ""
		if !strings.HasPrefix(target, "{{") && !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") || strings.Contains(target, " ") {
			return rawMessage{}, false
		}
	}
	if target = strings.TrimSpace(target); target == "" {
		return rawMessage{}, false
	}
	return rawMessage{isRequest: true, method: first, target: target, proto: version}, true
}

func statusLine(line string) (rawMessage, bool) {
	version, rest, ok := strings.Cut(line, " ")
	if !ok || !isVersion(version) {
		return rawMessage{}, false
	}
	code, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 {
		return rawMessage{}, false
	}
	return rawMessage{proto: version, status: status, reason: strings.TrimSpace(reason)}, true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// isMethod accepts upper-case words and dashes; others are words of a sentence.
func isMethod(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(s) > 1 && len(s) < 20
}

// isVersion knows HTTP/1.1, HTTP/2 and HTTP/2.0.
func isVersion(s string) bool {
	number, ok := strings.CutPrefix(s, "HTTP/")
	return ok && number != "" && len(number) <= 3 && strings.Trim(number, "0123456789.") == "" && isDigit(number[0])
}

// content is the body: without the line ends that a terminal added, as long as
// Content-Length says, and put together if it came in chunks that can be read.
func (m *rawMessage) content() []byte {
	text := m.body.String()
	if strings.Contains(strings.ToLower(m.header.Get("Transfer-Encoding")), "chunked") {
		if whole, ok := unchunk(text); ok {
			return []byte(whole)
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(m.header.Get("Content-Length"))); err == nil && n >= 0 && n <= len(text) {
		return nonEmpty(text[:n])
	}
	return nonEmpty(strings.Trim(text, "\r\n"))
}

func nonEmpty(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// unchunk joins chunks (RFC 9112 section 7.1), whose line ends may have become
// LF.
func unchunk(text string) (string, bool) {
	var b strings.Builder
	for {
		line, rest, ok := strings.Cut(text, "\n")
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if !ok && n != 0 || err != nil {
			return "", false
		}
		if n == 0 {
			return b.String(), true
		}
		if uint64(len(rest)) < n {
			return "", false
		}
		b.WriteString(rest[:n])
		text = strings.TrimPrefix(strings.TrimPrefix(rest[n:], "\r"), "\n")
	}
}

// uncolored drops the colours of a terminal (ECMA-48, SGR).
func uncolored(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "\x1b[") {
			end := i + 2
			for end < len(text) && strings.IndexByte("0123456789;", text[end]) >= 0 {
				end++
			}
			if end < len(text) && text[end] == 'm' {
				i = end
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
