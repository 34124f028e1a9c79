package diagnose

import (
	"fmt"
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

// whether is the hit for an unfilled variable: it may be fine.
func (s *scene) whether(p place, from, to int) *hit {
	name := p.value[from:to]
	h := &hit{
		sure: Possible, title: "Perhaps a variable has no value", expected: "the value of the variable", actual: name,
		note: fmt.Sprintf("%s is filled in before the request is sent; with what is not known here. Where it has no value, nothing is sent in its place.", q(name)),
		at:   []Evidence{s.inField("request", p.name, p.value, from, to-from)},
		fix:  Fix{Text: "Is the variable set?"},
	}
	if p.name != s.auth.name {
		h.reason = reason.CredentialsMissing
	}
	bare := strings.Trim(strings.TrimPrefix(name, "$"), "{}%")
	switch {
	case strings.HasPrefix(name, "{{"):
		h.fix.Text += " In Postman, choose the environment that has it, and look at its current value."
	case strings.HasPrefix(name, "$("), strings.HasPrefix(name, "`"):
		h.note = "A command gives this its value before the request is sent; which one is not known here. Where it prints nothing, nothing is sent in its place."
		h.fix.Text = "Does the command print the value, and nothing else? Run it alone."
	case strings.Contains(s.c.Source, "PowerShell"):
		h.fix.Text += " This prints how long its value is."
		h.fix.Command = "$" + bare + ".Length"
	case strings.HasPrefix(name, "%"):
		h.fix.Command = "if defined " + bare + " (echo set) else (echo not set)"
	case strings.HasPrefix(name, "$") && strings.HasPrefix(s.c.Source, "curl"):
		h.fix.Text += " This prints how long its value is; a value that is only in another terminal does not count."
		h.fix.Command = "echo ${#" + bare + "}"
	default:
		h.fix.Text += " Look at its value before the request is made."
	}
	return h
}
