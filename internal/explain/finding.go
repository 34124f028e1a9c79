package explain

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// Finding is one thing that is wrong or worth knowing, and where.
type Finding = httpauth.Finding

// seen are the kinds of findings that were explained already.
type seen map[httpauth.FindingID]bool

func (x *seen) first(id httpauth.FindingID) bool {
	if (*x)[id] {
		return false
	}
	if *x == nil {
		*x = seen{}
	}
	(*x)[id] = true
	return true
}

// finding shows one finding with a mark below the place it is about.
func (s Style) finding(f Finding, raw string, said *seen) string {
	var b strings.Builder
	severity := s.Faint(string(f.Severity))
	switch f.Severity {
	case httpauth.SeverityError:
		severity = s.paint(bold+";"+red, string(f.Severity))
	case httpauth.SeverityWarning:
		severity = s.paint(bold+";"+yellow, string(f.Severity))
	case httpauth.SeverityNote:
	}
	fmt.Fprintf(&b, "%s  %s  %s\n", severity, sentenceStart(f.Message), s.Faint(string(f.ID)))
	if raw != "" {
		b.WriteString(s.caret("   ", raw, f.Offset))
	}
	if info, ok := httpauth.LookupFinding(f.ID); ok && said.first(f.ID) {
		b.WriteString(s.Wrap("   ", info.Explain))
	}
	if f.Hint != "" {
		b.WriteString(s.Wrap("   ", "hint: "+f.Hint))
	}
	if f.Section != "" {
		b.WriteString("   " + s.Faint(f.Section) + "\n")
	}
	return b.String()
}

func sentenceStart(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// count says how many findings there are of each severity: "1 error, 2 notes".
func count(found []Finding) string {
	n := map[httpauth.Severity]int{}
	for _, f := range found {
		n[f.Severity]++
	}
	var parts []string
	for _, severity := range [...]httpauth.Severity{httpauth.SeverityError, httpauth.SeverityWarning, httpauth.SeverityNote} {
		switch c := n[severity]; {
		case c == 1:
			parts = append(parts, "1 "+string(severity))
		case c > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", c, severity))
		}
	}
	return strings.Join(parts, ", ")
}

func verdict(s Style, valid bool, found []Finding) string {
	word := s.Bold("valid")
	if !valid {
		word = s.paint(bold+";"+red, "not valid")
	}
	if n := count(found); n != "" {
		return word + ": " + n + "\n"
	}
	return word + "\n"
}
