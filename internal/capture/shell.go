package capture

import (
	"fmt"
	"slices"
	"strings"
)

// dialect is the shell that a command was written for.
type dialect int

const (
	posix dialect = iota
	cmdExe
	powerShell
	javaScript
)

// word is one argument of a command, quotes and escapes undone.
type word struct {
	text string
	// open names the variables and substitutions in it that only the shell that
	// ran it could resolve; the text has them as they were written.
	open []string
}

// statement is one command with its words.
type statement struct {
	words []word
	// input is what a here-document gives to standard input.
	input    string
	hasInput bool
	// piped tells that its standard input is another command's output.
	piped bool
	// glued tells that an & without a blank on either side cut it from the one before.
	glued bool
}

// detect tells whose quoting a text follows.
func detect(text string) dialect {
	lower := strings.ToLower(text)
	for _, name := range []string{"invoke-webrequest", "invoke-restmethod"} {
		if strings.Contains(lower, name) {
			return powerShell
		}
	}
	first := strings.ToLower(firstWord(text))
	switch {
	case first == "iwr" || first == "irm" || strings.HasPrefix(lower, "ps ") && strings.Contains(lower, ">"):
		return powerShell
	case strings.Contains(text, "fetch(") && !strings.HasPrefix(first, "curl"):
		return javaScript
	case strings.Contains(text, ` ^"`), strings.Contains(text, `^\^"`), strings.Contains(text, "^\n"), strings.Contains(text, "^\r\n"), drivePrompt(text):
		return cmdExe
	case slices.ContainsFunc(strings.Fields(lower), func(w string) bool { return strings.TrimLeft(w, "-–—―") == "uri" && w != "uri" }),
		strings.Contains(text, "`\n"), strings.Contains(text, "`\r\n"), strings.Contains(lower, "$env:"), strings.Contains(text, "@{"),
		strings.Contains(lower, "curl.exe") && (strings.Contains(text, "'") || strings.HasPrefix(first, "$") || strings.ContainsFunc(text, func(r rune) bool { return quoteOf(r) != 0 })):
		return powerShell
	case first == "curl.exe":
		return cmdExe
	}
	return posix
}

// drivePrompt knows "C:\Users\me>".
func drivePrompt(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 3 && text[1] == ':' && text[2] == '\\' && isLetter(text[0]) && strings.Contains(text, ">")
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

func firstWord(text string) string {
	fields := strings.Fields(firstLine(unprompt(text)))
	for len(fields) > 1 && slices.Contains([]string{"sudo", "time", "exec", "command", "&"}, fields[0]) {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return ""
	}
	return programName(fields[0])
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// unfenced is what a block of Markdown holds, and any other text as it is.
func unfenced(text string) string {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(first, "```") {
		return strings.TrimSpace(strings.TrimSuffix(rest, "```"))
	}
	return text
}

// unprompt removes the prompt that was copied along.
func unprompt(text string) string {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if drivePrompt(text) || strings.HasPrefix(text, "PS ") {
		if _, rest, ok := strings.Cut(firstLine(text), ">"); ok {
			return strings.TrimSpace(rest + strings.TrimPrefix(text, firstLine(text)))
		}
	}
	for _, prompt := range []string{"$ ", "# ", "% ", "> "} {
		if rest, ok := strings.CutPrefix(text, prompt); ok {
			if line := firstLine(rest); prompt == "# " && len(line) < len(rest) && !strings.Contains(line, "curl") && !strings.Contains(line, "://") {
				return text // a comment above the command
			}
			return strings.TrimSpace(rest)
		}
	}
	return text
}

// programName is the name without its folder and quotes.
func programName(word string) string {
	word = strings.Trim(word, `"'^&`)
	if i := strings.LastIndexAny(word, `/\`); i >= 0 {
		word = word[i+1:]
	}
	return word
}

// program is the name of the program that the statement runs, and its
// arguments; assignments and wrappers before it are passed over.
func (s statement) program() (name string, args []word) {
	words := s.words
	for len(words) > 0 {
		name = programName(words[0].text)
		if assigned, _, ok := strings.Cut(words[0].text, "="); ok && isIdentifier(assigned) ||
			slices.Contains([]string{"sudo", "time", "exec", "command", "&", "!", "$", "#", "env"}, name) {
			words = words[1:]
			continue
		}
		return name, words[1:]
	}
	return "", nil
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return s != "" && !isDigit(s[0])
}

// openNotes says which variables of the words nobody could resolve.
func openNotes(words ...word) []Note {
	var notes []Note
	for _, w := range words {
		for _, name := range w.open {
			note := Note{Kind: NoteVariable, About: name, Text: fmt.Sprintf("%s gets its value from the shell; what it was is not known here", name)}
			if len(notes) >= maxFields {
				return notes
			}
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
