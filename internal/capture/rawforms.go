package capture

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// asMessages turns what tools print or read in forms of their own into plain
// messages.
func asMessages(text string) string {
	switch {
	case strings.Contains(text, "send: b'"), strings.Contains(text, `send: b"`):
		return pythonDebug(text)
	case isAxios(text):
		return axiosError(text)
	case isHTTPFile(text):
		return httpFile(text)
	}
	return text
}

// pythonDebug reads what http.client of Python prints with debuglevel=1, below
// requests and urllib3: send: b'...', reply: '...', header: Name: value.
func pythonDebug(text string) string {
	var b strings.Builder
	scheme, answer := "http", false
	for line := range strings.Lines(text) {
		line = trimEnd(line)
		if strings.Contains(line, "HTTPS connection") || strings.Contains(line, ":https://") {
			scheme = "https"
		}
		if at := strings.Index(line, "send: b"); at >= 0 {
			sent := pythonText(line[at+len("send: b"):])
			if m, rest, ok := strings.Cut(sent, " /"); ok && isMethod(m) {
				_, after, _ := strings.Cut(sent, "\nHost: ")
				host, _, _ := strings.Cut(after, "\n")
				sent = m + " " + scheme + "://" + strings.TrimSpace(host) + "/" + rest
			}
			if answer {
				b.WriteString("\n")
			}
			b.WriteString(sent)
			answer = false
		} else if at := strings.Index(line, "reply: "); at >= 0 {
			b.WriteString("\n" + pythonText(line[at+len("reply: "):]))
			answer = true
		} else if rest, ok := strings.CutPrefix(line, "header: "); ok && answer {
			b.WriteString(rest + "\n")
		}
	}
	return b.String()
}

// pythonText undoes the quotes and escapes of a literal of Python; its line ends
// become LF.
func pythonText(literal string) string {
	if len(literal) < 2 {
		return ""
	}
	quote := literal[0]
	var b strings.Builder
	for i := 1; i < len(literal) && literal[i] != quote; i++ {
		if literal[i] != '\\' || i+1 == len(literal) {
			b.WriteByte(literal[i])
			continue
		}
		i++
		switch c := literal[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 'r':
		case 't':
			b.WriteByte('\t')
		case 'x':
			if n, err := strconv.ParseUint(literal[i+1:min(i+3, len(literal))], 16, 8); err == nil && i+2 < len(literal) {
				b.WriteByte(byte(n))
				i += 2
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var (
	httpFileLine     = regexp.MustCompile(`^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +(?:https?://|\{\{)\S+(?: +HTTP/[0-9.]+)?\s*$`)
	httpFileVariable = regexp.MustCompile(`^@([A-Za-z0-9_.-]+)\s*=\s*(.*?)\s*$`)
)

// isHTTPFile knows the .http files of editors: requests with whole URLs, between
// lines of ###, with variables in double braces.
func isHTTPFile(text string) bool {
	for line := range strings.Lines(text) {
		if httpFileLine.MatchString(trimEnd(line)) {
			return true
		}
	}
	return false
}

// httpFile gives the requests of a .http file as messages: its variables filled
// in, without comments, scripts and names of files with answers. A name and a
// password behind Basic the editor encodes.
func httpFile(text string) string {
	vars := map[string]string{}
	var b strings.Builder
	state := ""
	for line := range strings.Lines(text) {
		bare := trimEnd(line)
		if m := httpFileVariable.FindStringSubmatch(bare); m != nil && state == "" {
			if len(vars) < maxFields {
				vars[m[1]] = filled(m[2], vars, 64<<10)
			}
			continue
		}
		switch {
		case strings.HasPrefix(bare, "###"):
			state = ""
			bare = "###"
		case state == "" && httpFileLine.MatchString(bare):
			state = "fields"
			if !strings.Contains(bare, " HTTP/") {
				bare = strings.TrimSpace(bare) + " HTTP/1.1"
			}
		case startsAnswer(bare):
			state = "answer"
		case state == "" || state != "answer" && (strings.HasPrefix(bare, "> {%") || strings.HasPrefix(bare, "> ./") || strings.HasPrefix(bare, "<> ")):
			if state != "" {
				state = "over"
			}
			continue
		case state == "over":
			continue
		case state == "fields" && bare == "":
			state = "body"
		case state == "fields" && (strings.HasPrefix(bare, "#") || strings.HasPrefix(bare, "//")):
			continue
		case state == "fields":
			bare = encodedBasic(bare)
		}
		if b.WriteString(filled(bare, vars, MaxText-b.Len()) + "\n"); b.Len() >= MaxText {
			break
		}
	}
	return b.String()
}

// filled puts the values of variables in place of {{name}}, as long as the text
// does not grow beyond most: one variable can double another again and again.
func filled(text string, vars map[string]string, most int) string {
	var b strings.Builder
	for b.Len() < most {
		before, rest, ok := strings.Cut(text, "{{")
		name, after, closed := strings.Cut(rest[:min(len(rest), 200)], "}}")
		if b.WriteString(before); !ok {
			break
		}
		value, known := vars[strings.TrimSpace(name)]
		if !closed || !known {
			b.WriteString("{{")
			text = rest
			continue
		}
		b.WriteString(value)
		text = rest[len(rest[:min(len(rest), 200)])-len(after):]
	}
	out := b.String()
	return out[:max(min(len(out), most), 0)]
}

func startsAnswer(line string) bool {
	m, ok := startLine(line)
	return ok && !m.isRequest
}

// encodedBasic encodes "Basic name password" and "Basic name:password".
func encodedBasic(line string) string {
	name, value, ok := strings.Cut(line, ":")
	rest, basic := strings.CutPrefix(strings.TrimSpace(value), "Basic ")
	if !ok || !basic || !strings.EqualFold(name, "Authorization") {
		return line
	}
	pair := strings.TrimSpace(rest)
	if user, password, ok := strings.Cut(pair, " "); ok {
		pair = user + ":" + strings.TrimSpace(password)
	} else if !strings.Contains(pair, ":") {
		return line
	}
	if strings.Contains(pair, "{{") {
		return line // what it is, only the editor knows
	}
	return name + ": Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// fileVariables are those that a .http file leaves to an environment or the
// editor.
func fileVariables(x Exchange) []Note {
	texts := make([]string, 0, len(x.Request.Header)+1)
	for _, f := range x.Request.Header {
		texts = append(texts, f.Value)
	}
	texts = append(texts, strings.NewReplacer("%7B", "{", "%7D", "}").Replace(x.Request.URL.String()))
	var notes []Note
	for _, text := range texts {
		for len(notes) < maxFields {
			_, rest, ok := strings.Cut(text, "{{")
			name, after, closed := strings.Cut(rest, "}}")
			if !ok || !closed || len(name) > 60 {
				break
			}
			text = after
			note := Note{NoteVariable, "{{" + name + "}}", "the file does not set it: the editor takes it from an environment, which is not known here"}
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
