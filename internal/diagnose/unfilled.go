package diagnose

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
)

// unfilled finds the first variable in a value that a shell or a tool fills in
// before the request is sent: of what stands there, nobody here knows what it was.
// A request that was sent just now went out as it stands.
func (s *scene) unfilled(value string) (from, to int) {
	from, to = -1, -1
	if s.x.Live {
		return from, to
	}
	for _, n := range s.x.Notes {
		if n.Kind != capture.NoteVariable {
			continue
		}
		if i := nameIn(value, n.About); i >= 0 && (from < 0 || i < from) {
			from, to = i, i+len(n.About)
		}
	}
	return from, to
}

// nameIn is where a variable stands in a value. Notes about an option ("-u") name
// no variable, and the name of a variable of a program has to stand alone.
func nameIn(value, name string) int {
	if name == "" || name[0] == '-' {
		return -1
	}
	for at := 0; ; {
		i := strings.Index(value[at:], name)
		if i < 0 {
			return -1
		}
		from, to := at+i, at+i+len(name)
		if strings.ContainsAny(name, "$%{(`") || (from == 0 || !isNameByte(value[from-1])) && (to == len(value) || !isNameByte(value[to])) {
			return from
		}
		at = from + 1
	}
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// blank forgets what was read out of the Authorization field from its first
// unfilled variable on.
func (s *scene) blank() {
	from, _ := s.unfilled(s.auth.value)
	if from < 0 {
		return
	}
	s.exam.Findings = slices.DeleteFunc(s.exam.Findings, func(f httpauth.Finding) bool { return f.Offset >= from })
	s.exam.Valid = !slices.ContainsFunc(s.exam.Findings, func(f httpauth.Finding) bool { return f.Severity == httpauth.SeverityError })
	if s.tokAt+len(s.tok) > from {
		s.tok, s.jwt = "", nil
	}
}

// variables are the names that were filled in before the request was sent.
func variables(x *capture.Exchange) []string {
	if x.Live {
		return nil
	}
	var out []string
	for _, n := range x.Notes {
		if n.Kind == capture.NoteVariable && n.About != "" && n.About[0] != '-' {
			out = append(out, n.About)
		}
	}
	return out
}

// withoutVariables leaves out what stands for a value: it is no secret itself.
func withoutVariables(x *capture.Exchange, text string) string {
	for _, name := range variables(x) {
		if strings.ContainsAny(name[:1], "$%{`") {
			text = strings.ReplaceAll(text, name, " ")
		}
	}
	return text
}

// visibleName is how much of a variable can be shown: a command or a default
// value may hold the secret itself.
func visibleName(name string) int {
	var open int
	switch {
	case strings.HasPrefix(name, "$("):
		open = 2
	case strings.HasPrefix(name, "`"):
		open = 1
	case strings.HasPrefix(name, "${"):
		end := 2
		for end < len(name) && isNameByte(name[end]) {
			end++
		}
		if name[end:] == "}" {
			return len(name)
		}
		return end
	default:
		return len(name)
	}
	end := open
	for end < len(name) && (name[end] >= 'a' && name[end] <= 'z' || name[end] >= '0' && name[end] <= '9' && end > open || name[end] == '-') {
		end++
	}
	if end-open > 12 || end < len(name) && name[end] != ' ' && end != len(name)-1 {
		return open
	}
	return end
}

// shownName is a variable as it is named in a sentence.
func shownName(name string) string {
	n := visibleName(name)
	if n == len(name) || n == len(name)-1 {
		return name
	}
	switch {
	case strings.HasPrefix(name, "`"):
		return name[:n] + " ...`"
	case strings.HasPrefix(name, "${"):
		return name[:n] + "...}"
	}
	return name[:n] + " ...)"
}

// unmask puts the names of variables back where they were masked, octet for octet.
func (s *scene) unmask(shown []byte, value string) {
	for _, name := range variables(s.x) {
		if !strings.ContainsAny(name[:1], "$%{`") {
			continue
		}
		n := visibleName(name)
		for at := 0; ; {
			i := strings.Index(value[at:], name)
			if i < 0 {
				break
			}
			from := at + i
			copy(shown[from:from+n], name)
			for j := from + n; j < from+len(name)-1; j++ {
				shown[j] = '*'
			}
			shown[from+len(name)-1] = name[len(name)-1]
			at = from + len(name)
		}
	}
}

// written puts variables back into a URL as they were written: net/url escapes
// braces and spaces.
func (s *scene) written(u string) string {
	for _, name := range variables(s.x) {
		if strings.ContainsAny(name[:1], "$%{`") {
			for _, escaped := range [...]string{(&url.URL{Path: name}).EscapedPath(), url.PathEscape(name), name} {
				u = strings.ReplaceAll(u, escaped, shownName(name))
			}
		}
	}
	return u
}

// openUser is name:password of an option in which a variable stands, as far as
// it can be shown.
func (s *scene) openUser() (shown string, ok bool) {
	user := s.req.Options.User
	if from, _ := s.unfilled(user); from < 0 {
		return "", false
	}
	return s.show("request", userOption, user, -1, 0), true
}

// userOption is the place of a name and password that are no field yet.
const userOption = "-u"

// maskUser masks the password of name:password.
func maskUser(value string) []byte {
	out := []byte(value)
	for i := strings.IndexByte(value, ':') + 1; i > 0 && i < len(out); i++ {
		out[i] = '*'
	}
	return out
}

// whether is the hit for an unfilled variable: it may be fine.
func (s *scene) whether(name string, at Evidence) *hit {
	said := shownName(name)
	h := &hit{
		sure: Possible, title: "Perhaps a variable has no value", expected: "the value of the variable", actual: said,
		note: fmt.Sprintf("%s is filled in before the request is sent; with what is not known here. Where it has no value, nothing is sent in its place.", q(said)),
		at:   []Evidence{at},
		fix:  Fix{Text: "Is the variable set?"},
	}
	if at.Field != s.auth.name {
		h.reason = reason.CredentialsMissing
	}
	bare := strings.Trim(strings.TrimPrefix(name, "$"), "{}%")
	switch {
	case strings.HasPrefix(name, "{{"):
		h.fix.Text = "Give it a value: choose the environment that has it (in Postman, or in the editor), and look at its current value."
		for _, n := range s.x.Notes {
			if n.Kind != capture.NoteVariable || n.About != name || strings.HasPrefix(name, "{{$") {
				continue
			}
			h.title, h.sure = "A variable has no value", Likely
			h.note = fmt.Sprintf("%s is sent by its name. %s", q(name), sentence(n.Text))
			if _, meant, ok := strings.Cut(n.Text, "did you mean "); ok {
				h.title, h.fix.Text = "A variable is called otherwise", "Write "+strings.TrimSuffix(meant, "?")+"."
			}
		}
	case strings.HasPrefix(name, "$("), strings.HasPrefix(name, "`"):
		h.title, h.expected = "Perhaps a command prints nothing", "what the command prints"
		h.note = fmt.Sprintf("The command %s gives this its value before the request is sent; which one is not known here. Where it prints nothing, nothing is sent in its place.", q(said))
		h.fix.Text = "Does the command print the value, and nothing else? Run it alone."
	case strings.Contains(s.c.Source, "PowerShell"):
		h.fix.Text += " This prints how long its value is."
		h.fix.Command = "$" + bare + ".Length"
	case strings.HasPrefix(name, "%"):
		h.fix.Command = "if defined " + bare + " (echo set) else (echo not set)"
	case strings.HasPrefix(name, "$") && (strings.HasPrefix(s.c.Source, "curl") || strings.HasPrefix(s.c.Source, "HTTPie")):
		bare = bare[:len(bare)-len(strings.TrimLeft(bare, nameBytes))]
		h.fix.Text += " This prints how long its value is; a value that is only in another terminal does not count."
		h.fix.Command = "echo ${#" + bare + "}"
	default:
		h.fix.Text += " Look at its value before the request is made."
	}
	return h
}

const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// inAddress is a variable in the URL: one that a shell fills in, or one that was
// sent by its name to a server that knows no such address.
func (s *scene) inAddress() *hit {
	u := s.shownURL(s.req.URL)
	for _, name := range variables(s.x) {
		if said := shownName(name); strings.ContainsAny(name[:1], "$%{`") && strings.Contains(u, said) {
			return s.whether(name, s.inURL(said))
		}
	}
	if s.status != 400 && s.status != 404 && !s.unsent() {
		return nil
	}
	plain, err := url.PathUnescape(s.req.URL.EscapedPath())
	if err != nil {
		return nil
	}
	for word := range strings.SplitSeq(plain, "/") {
		if from, to := findVariable(word); from >= 0 && strings.Trim(word[from:to], "%") != "" {
			name := word[from:to]
			var fills []string
			if strings.HasPrefix(name, "$") {
				fills = append(fills, name)
			}
			at := s.inURL(name)
			if at.Length == len(at.Value) {
				at = s.inURL(url.PathEscape(name))
			}
			return &hit{
				sure: Likely, reason: reason.RequestMalformed, expected: "the value of the variable", actual: name,
				note: fmt.Sprintf("The address has %s in it, the name of a variable, where its value belongs.", q(name)),
				at:   []Evidence{at},
				fix:  Fix{Text: "Give the variable a value before the request is made. " + variableHint(name), Command: s.curlFilling(fills, s.credentialArgument())},
			}
		}
	}
	return nil
}
