package explain

import (
	"strings"
)

// guessSource knows what whole requests come in: a command, a URL, a file of a
// browser or of Postman, or messages with a request among them.
func guessSource(text string) (Kind, bool) {
	trimmed := strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if first, rest, ok := strings.Cut(trimmed, "\n"); ok && strings.HasPrefix(first, "```") {
		trimmed = strings.TrimSpace(strings.TrimSuffix(rest, "```")) // a block of Markdown
	}
	switch {
	case strings.HasPrefix(trimmed, "{"):
		return guessFile(trimmed)
	case isCommand(trimmed):
		return KindCurl, true
	case isURL(trimmed):
		return KindURL, true
	case hasRequest(trimmed), curlFailed(trimmed), strings.Contains(trimmed, "send: b") && strings.Contains(trimmed, "reply: "),
		strings.Contains(trimmed, "AxiosError") && strings.Contains(trimmed, "\n  config: "):
		return KindExchange, true
	}
	return KindUnknown, false
}

// guessFile looks at the members near the beginning: a HAR file has a log with
// a creator and entries, a collection of Postman info and items.
func guessFile(text string) (Kind, bool) {
	head := text[:min(len(text), 64<<10)]
	switch {
	case strings.Contains(head, `"log"`) && (strings.Contains(head, `"entries"`) || strings.Contains(head, `"creator"`)):
		return KindHAR, true
	case strings.Contains(head, "schema.getpostman.com"), strings.Contains(head, `"_postman_id"`),
		strings.Contains(head, `"info"`) && strings.Contains(head, `"item"`) && strings.Contains(text, `"request"`):
		return KindPostman, true
	}
	return KindUnknown, false
}

// isCommand knows commands that make a request, with what was copied before
// them: a prompt, sudo, an assignment.
func isCommand(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	if _, rest, ok := strings.Cut(line, ">"); ok && (strings.HasPrefix(line, "PS ") || len(line) > 2 && line[1:3] == `:\`) {
		line = rest
	}
	fields := strings.Fields(line)
	for len(fields) > 1 && (len(fields[0]) == 1 && strings.Contains("$#%>&", fields[0]) || fields[0] == "sudo" || fields[0] == "time" || fields[0] == "await") {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return false
	}
	name := strings.ToLower(fields[0])
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && !strings.Contains(name, "://") {
		name = name[i+1:]
	}
	switch {
	case name == "curl" || name == "curl.exe" || name == "invoke-webrequest" || name == "invoke-restmethod":
		return len(fields) > 1 || strings.Contains(text, "\n")
	case name == "http" || name == "https" || name == "xh" || name == "xhs":
		return len(fields) > 1 && strings.ContainsAny(line, ".:/")
	case strings.HasPrefix(name, "fetch("), strings.HasPrefix(line, "$session = New-Object"):
		return true
	}
	if strings.HasPrefix(name, "$") {
		// $headers = @{...}, and the call below it
		for rest := range strings.Lines(text[:min(len(text), 64<<10)]) {
			rest = strings.ToLower(strings.TrimSpace(rest))
			if strings.HasPrefix(rest, "$") && strings.Contains(rest, "= invoke-") {
				return true
			}
			word, _, _ := strings.Cut(rest, " ")
			switch word {
			case "invoke-webrequest", "invoke-restmethod", "iwr", "irm", "curl.exe":
				return true
			}
		}
	}
	// const r = await fetch(...), TOKEN=x; curl ...
	return strings.Contains(text, "fetch(\"http") || strings.Contains(text, "fetch('http") || isAssignment(fields[0]) && strings.Contains(text, "curl ")
}

// curlFailed knows what curl -v says where there was no connection.
func curlFailed(text string) bool {
	for line := range strings.Lines(text) {
		if i := strings.LastIndex(line, "* "); i >= 0 && (i == 0 || strings.Contains(line, "--:--:--")) {
			for _, words := range [...]string{"Trying ", "Could not resolve host", "Failed to connect", "Couldn't connect", "Connection refused"} {
				if strings.Contains(line[i:], words) {
					return true
				}
			}
		}
		if rest, ok := strings.CutPrefix(line, "curl: ("); ok && strings.Contains(rest, ") ") {
			return true
		}
	}
	return false
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return word == "export" || ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") == ""
}

func isURL(text string) bool {
	if strings.ContainsAny(text, " \t\r\n") {
		return false
	}
	low := strings.ToLower(text)
	return strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://")
}

// hasRequest looks for a request line (RFC 9112 section 3), also as curl -v
// marks it.
func hasRequest(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.TrimPrefix(strings.TrimLeft(line, " \t"), "> "), " \r\n")
		method, rest, ok := strings.Cut(line, " ")
		_, version, ok2 := strings.Cut(rest, " HTTP/")
		if ok && !ok2 && (strings.HasPrefix(rest, "https://") || strings.HasPrefix(rest, "http://") || strings.HasPrefix(rest, "{{")) && !strings.Contains(rest, " ") {
			version, ok2 = "1.1", true // as in .http files
		}
		if ok && ok2 && method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == "" &&
			len(version) <= 3 && strings.Trim(version, "0123.") == "" {
			return true
		}
	}
	return false
}
