package capture

import "strings"

// splitCmd splits a text as cmd.exe and then the C runtime of Windows do.
func splitCmd(text string) []statement {
	var out []statement
	for _, line := range cmdLines(strings.ReplaceAll(text, "\r\n", "\n")) {
		if words := crtWords(line); len(words) > 0 {
			out = append(out, statement{words: words})
		}
	}
	return out
}

// cmdLines undoes the escapes of cmd.exe and cuts at & | and the ends of lines.
// Outside quotes ^ takes the next character as it is, and at the end of a line
// it joins the next one, whose first character is then literal, even if it is
// another end of line. Browsers write ^ before what is special also where they
// opened a quote without one, and mean the same: a text with ^" is read so.
func cmdLines(text string) []string {
	browser := strings.Contains(text, `^"`)
	var lines []string
	var b strings.Builder
	quoted := false
	end := func() {
		lines = append(lines, b.String())
		b.Reset()
		quoted = false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '^' && (!quoted || browser):
			i++
			if i < len(text) && text[i] == '\n' {
				i++
			}
			if i < len(text) {
				b.WriteByte(text[i])
			}
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case c == '\n' && !(quoted && browser):
			end()
		case (c == '&' || c == '|') && !quoted:
			end()
		case (c == '>' || c == '<') && !quoted:
			// A redirection and its file.
			for i+1 < len(text) && strings.IndexByte("<>& ", text[i+1]) >= 0 {
				i++
			}
			for i+1 < len(text) && strings.IndexByte(" \t\n&|", text[i+1]) < 0 {
				i++
			}
		default:
			b.WriteByte(c)
		}
	}
	end()
	return lines
}

// crtWords splits a command line as the C runtime does: backslashes count only
// before a quote, and two quotes inside quotes are one.
func crtWords(line string) []word {
	var words []word
	var b strings.Builder
	started, quoted := false, false
	flush := func() {
		if started {
			words = append(words, word{text: b.String(), open: cmdVariables(b.String())})
		}
		b.Reset()
		started = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\':
			n := len(line[i:]) - len(strings.TrimLeft(line[i:], `\`))
			started = true
			if i+n < len(line) && line[i+n] == '"' {
				b.WriteString(strings.Repeat(`\`, n/2))
				i += n - 1
				if n%2 == 1 {
					b.WriteByte('"')
					i++
				}
				continue
			}
			b.WriteString(line[i : i+n])
			i += n - 1
		case c == '"':
			started = true
			if quoted && i+1 < len(line) && line[i+1] == '"' {
				b.WriteByte('"')
				i++
				continue
			}
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			flush()
		default:
			started = true
			b.WriteByte(c)
		}
	}
	flush()
	return words
}

// cmdVariables finds %NAME%. What could as well be percent-encoding is none.
func cmdVariables(s string) []string {
	var open []string
	for len(open) < maxFields {
		_, rest, ok := strings.Cut(s, "%")
		if !ok {
			return open
		}
		name, after, ok := strings.Cut(rest, "%")
		if !ok {
			return open
		}
		encoded := len(name) >= 2 && isHex(name[0]) && isHex(name[1]) && !strings.Contains(name, "_")
		if isIdentifier(name) && len(name) > 2 && !encoded {
			open = append(open, "%"+name+"%")
			s = after
			continue
		}
		s = rest
	}
	return open
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
