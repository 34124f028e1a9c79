package diagnose

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
)

// misprintRules come before all others: whatever else is wrong with a command
// that the shell reads otherwise than it looks, it was not what was sent.
func misprintRules() []Rule {
	return []Rule{{
		ID: "typographic-character", Title: "A typographic character stands where a plain one belongs", Fault: Client,
		Explain: "Chats, word processors and web pages put typographic quotes (“ ” ‘ ’), long dashes (– —) and no-break spaces in place of what was typed. They look alike and are other characters: a shell takes no such quote for one and cuts at the spaces within, curl takes a long dash for the beginning of a URL, and JSON knows the plain quote alone. PowerShell takes such quotes and dashes for its own commands. What was meant is looked at all the same.",
		Example: "curl -H “Authorization: Bearer ...” https://api.example.com/orders", Spec: "POSIX.1 XCU section 2.2; RFC 8259 section 7", check: checkMisprint,
	}, {
		ID: "command-misread", Title: "The shell reads the command otherwise than it looks", Fault: Client, Reason: reason.CredentialsMissing,
		Explain: "An & without quotes ends the command, and so does the end of a line without a backslash; cmd.exe knows double quotes only. What was meant as a field of the request does not get into it, or not whole.",
		Example: "curl https://api.example.com/orders?a=1&b=2 -H 'Authorization: Bearer ...'", Spec: "POSIX.1 XCU section 2", check: checkCommand,
	}}
}

func checkMisprint(s *scene) *hit {
	if s.status >= 200 && s.status < 400 {
		return nil
	}
	m := s.c.Misprint
	switch {
	case m == nil:
		return s.misprintedBody()
	case m.Kind == capture.MisprintLine:
		return nil
	}
	return s.misprint(m)
}

func (s *scene) misprint(m *capture.Misprint) *hit {
	h := &hit{sure: Certain, actual: fmt.Sprintf("U+%04X", m.Rune), fix: Fix{Text: "Type it anew, or copy it from a plain text editor:", Command: s.curl(s.credentialArgument())}}
	if !s.credentialed() {
		h.fix.Command = s.curl()
	}
	place := ""
	if m.Line > 0 {
		place = fmt.Sprintf(" at octet %d", m.Octet)
		if m.Line > 1 {
			place += fmt.Sprintf(" of line %d", m.Line)
		}
	}
	h.actual += place
	shell := "a shell"
	switch {
	case strings.Contains(s.c.Source, "cmd.exe"):
		shell = "cmd.exe"
	case strings.HasPrefix(s.c.Source, "fetch"):
		shell = "JavaScript"
	}
	switch m.Kind {
	case capture.MisprintQuote:
		h.title, h.expected = "A typographic quote is no quote for "+shell, `' or "`
		h.note = fmt.Sprintf("The quote %c%s is a typographic one. For %s it is a letter like others: it becomes a part of the word, and the command is cut at the spaces that it should hold together.", m.Rune, place, shell)
		switch shell {
		case "cmd.exe":
			h.expected = `"`
		case "JavaScript":
			h.note = fmt.Sprintf("The quote %c%s is a typographic one. JavaScript takes it for no quote: the script does not even begin.", m.Rune, place)
		}
	case capture.MisprintDash:
		h.title, h.expected = "A long dash begins no option", "- or --"
		h.note = fmt.Sprintf("The dash %c%s is a long one. An option begins with - or --; what begins otherwise curl takes for a URL, and the option is missing.", m.Rune, place)
	case capture.MisprintLine:
		h.title, h.expected, h.actual = "The line ends the command", `\ at the very end of the line`, strings.TrimSpace(place)
		h.note = fmt.Sprintf("No backslash stands at the very end of line %d, so the command ends there for a shell: what stands on the next line is not for curl any more.", m.Line)
		if m.Rune == '\\' {
			h.note = fmt.Sprintf("Behind the backslash of line %d stands a space, so it does not join the lines: the command ends there for a shell, and what stands on the next line is not for curl any more.", m.Line)
		}
		h.fix.Text = "Let the backslash be the last character of the line, or write it all on one:"
	case capture.MisprintSpace:
		h.title, h.expected = "What looks like a space is none for "+shell, "a space"
		h.note = fmt.Sprintf("The character%s looks like a space, or like nothing at all, and is a letter for %s: the words beside it become one.", place, shell)
	}
	h.note += " What is below is about the request that was meant."
	if m.Text != "" {
		_, n := utf8.DecodeRuneInString(m.Text[m.At:])
		h.at = []Evidence{{Exchange: s.n + 1, In: "request", Field: "command", Value: m.Text, Offset: m.At, Length: n}}
	}
	return h
}

// misprintedBody finds JSON that is none for its quotes alone.
func (s *scene) misprintedBody() *hit {
	if len(s.req.Body) > maxMessage || !s.walk() && s.status != 422 || s.status == 401 || s.status == 407 {
		return nil
	}
	body := string(s.req.Body)
	at := strings.IndexFunc(body, func(r rune) bool { return r == '\u201c' || r == '\u201d' || r == '\u201e' })
	trimmed := strings.TrimSpace(body)
	if at < 0 || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") || json.Valid([]byte(body)) {
		return nil
	}
	mended := strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "\u201e", `"`).Replace(body)
	if !json.Valid([]byte(mended)) {
		return nil
	}
	r, n := utf8.DecodeRuneInString(body[at:])
	before := body[:at]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	if len(before) > 4 || strings.Trim(before, "{[ \t") != "" {
		before = "…"
	}
	command := s.curl()
	if s.credentialed() {
		command = s.curl(s.credentialArgument())
	}
	return &hit{
		sure: Certain, title: "The body has typographic quotes, so it is no JSON", expected: `"`, actual: fmt.Sprintf("U+%04X at octet %d of the body", r, at+1),
		note: fmt.Sprintf("The quote %c at octet %d of the body is a typographic one; JSON knows the plain one alone. With plain quotes the body can be read.", r, at+1),
		at:   []Evidence{{Exchange: s.n + 1, In: "request", Field: "body", Value: before + body[at:at+n] + "…", Offset: len(before), Length: n}},
		fix:  Fix{Text: "Type the quotes in the body anew, or copy it from a plain text editor.", Command: command},
	}
}
