package explain

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/reason"
)

// Entry is one reason of the catalogue as JSON.
type Entry struct {
	Code        reason.Code  `json:"code"`
	Status      int          `json:"status"`
	Error       string       `json:"error,omitempty"`
	ShownAs     reason.Code  `json:"shown_as,omitempty"`
	ShownOnly   bool         `json:"shown_only,omitempty"`
	Retry       reason.Retry `json:"retry"`
	Title       string       `json:"title"`
	Detail      string       `json:"detail"`
	Explain     string       `json:"explain"`
	FixUser     string       `json:"fix_user"`
	FixCaller   string       `json:"fix_caller"`
	FixOperator string       `json:"fix_operator"`
	Spec        string       `json:"spec"`
	Since       string       `json:"since"`
}

// NewEntry makes the JSON form of an entry of the catalogue.
func NewEntry(i reason.Info) Entry {
	return Entry{
		Code: i.Code, Status: i.Status, Error: i.Error, ShownAs: i.ShownAs, ShownOnly: reason.ShownOnly(i.Code),
		Retry: i.Retry, Title: i.Title, Detail: i.Detail, Explain: i.Explain,
		FixUser: i.FixUser, FixCaller: i.FixCaller, FixOperator: i.FixOperator, Spec: i.Spec, Since: i.Since,
	}
}

// Cause is why something is, or would be, refused.
type Cause struct {
	Entry
	// Note says what it was in this case, for the operator; may be empty.
	Note string `json:"note,omitempty"`
}

// CodeReport explains one reason.
type CodeReport struct {
	Cause    Cause     `json:"cause"`
	Findings []Finding `json:"findings"`
}

// Reason explains an entry of the catalogue.
func Reason(i reason.Info) CodeReport {
	return CodeReport{Cause: Cause{Entry: NewEntry(i)}, Findings: []Finding{}}
}

// Text is the whole entry for a reader.
func (r CodeReport) Text(s Style) string {
	e := r.Cause.Entry
	var b strings.Builder
	head := fmt.Sprintf("%d", e.Status)
	if e.Error != "" {
		head += " " + e.Error
	}
	fmt.Fprintf(&b, "%s  %s\n\n", s.Bold(string(e.Code)), s.Faint(head))
	b.WriteString(s.Wrap("", e.Title+". "+e.Detail))
	b.WriteString("\n" + s.Wrap("", e.Explain))
	for _, fix := range [...][2]string{
		{"The person at the browser", e.FixUser}, {"The developer of the client", e.FixCaller}, {"The operator of the gate", e.FixOperator},
	} {
		b.WriteString("\n" + s.Bold(fix[0]) + "\n" + s.Wrap("  ", fix[1]))
	}
	retry := e.Retry.Info()
	rows := [][2]string{{"retry", string(e.Retry) + s.Faint(" ("+lowerFirst(retry.Title)+")")}}
	switch {
	case e.ShownAs != "":
		rows = append(rows, [2]string{"shown as", string(e.ShownAs) + s.Faint(" (the caller is never told more)")})
	case e.ShownOnly:
		rows = append(rows, [2]string{"stands for", standsFor(e.Code)})
	}
	rows = append(rows, [2]string{"defined in", e.Spec}, [2]string{"since", e.Since})
	b.WriteString("\n" + s.pairs("", rows))
	return b.String()
}

// standsFor lists what a reason that is only shown hides.
func standsFor(code reason.Code) string {
	var codes []string
	for _, i := range reason.All() {
		if i.ShownAs == code {
			codes = append(codes, string(i.Code))
		}
	}
	return strings.Join(codes, ", ")
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// Text is the short form: the reason, the details, and what to do.
func (c *Cause) Text(s Style) string {
	var b strings.Builder
	head := fmt.Sprintf("%d", c.Status)
	if c.Error != "" {
		head += " " + c.Error
	}
	fmt.Fprintf(&b, "%s  %s\n", s.Bold(string(c.Code)), s.Faint(head))
	if c.Note != "" {
		b.WriteString(s.Wrap("   ", sentence(Visible(c.Note))))
	}
	b.WriteString(s.Wrap("   ", c.Detail))
	b.WriteString(s.Wrap("   ", "More: `gate401 explain "+string(c.Code)+"`"))
	return b.String()
}

// sentence begins with a capital letter and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
