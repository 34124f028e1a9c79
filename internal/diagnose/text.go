package diagnose

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// Detail says how much of a report is printed.
type Detail int

// The details. Whatever is left out stands in the JSON form.
const (
	Usual Detail = iota // what is needed to mend it, and what goes beyond the cause where that is not certain
	Short               // the cause with its mark, the table and what to do
	Long                // everything
)

// Text is the report for a reader, in the usual detail.
func (r Report) Text(s explain.Style) string { return r.Print(s, Usual) }

// Print is the report for a reader: what it is about, the cause with a mark
// below the place, the table, what follows, what is fine, what is not known, and
// what to do.
func (r Report) Print(s explain.Style, d Detail) string {
	var b strings.Builder
	if r.Subject == nil {
		b.WriteString(s.Wrap("", "There is no request in what was given."))
		for _, n := range r.Notes {
			b.WriteString(s.Wrap("  ", "note: "+explain.Visible(n)))
		}
		return b.String()
	}
	b.WriteString(r.head(s))
	b.WriteString(r.verdict(s))
	if len(r.Rows) > 0 {
		b.WriteString("\n" + table(s, r.Rows, r.Subject.Status == http.StatusProxyAuthRequired))
	}
	if d == Long || d == Usual && r.aboutTime() {
		b.WriteString(r.times(s))
	}
	if d != Short {
		b.WriteString(r.section(s, "Then", RoleConsequence))
		b.WriteString(r.section(s, "Also", RoleAlso))
	}
	if d == Long || d == Usual && (r.Outcome == OutcomeUnknown || r.Cause != nil && r.Cause.Certainty == Possible) {
		b.WriteString(bullets(s, "Ruled out", r.RuledOut))
	}
	if d != Short || r.Cause == nil {
		b.WriteString(bullets(s, "Not known", r.Unknown))
	}
	if r.Fix != nil {
		b.WriteString("\n" + s.Bold("What to do") + "\n" + s.Wrap("  ", explain.Visible(r.Fix.Text)))
		if r.Fix.Command != "" {
			b.WriteString("    " + explain.Visible(r.Fix.Command) + "\n")
		}
	}
	if d == Short {
		return b.String()
	}
	b.WriteString(bullets(s, "Notes", r.Notes))
	if c := r.Cause; c != nil {
		more := "More: `gate401 explain " + c.Rule + "`"
		if c.Rule == "named-by-server" || c.Rule == "said-by-server" {
			more = "More: `gate401 explain " + c.Code + "`"
		}
		b.WriteString("\n" + s.Wrap("", more))
	}
	return b.String()
}

// aboutTime tells that the dates are what it is about.
func (r Report) aboutTime() bool {
	if r.Cause == nil {
		return false
	}
	switch r.Cause.Rule {
	case "clock-off", "token-outdated":
		return true
	}
	switch reason.Code(r.Cause.Code) {
	case reason.TokenExpired, reason.TokenNotYetValid:
		return true
	}
	return false
}

func (r Report) times(s explain.Style) string {
	if len(r.Times) == 0 {
		return ""
	}
	rows := make([][2]string, len(r.Times))
	for i, t := range r.Times {
		words := t.Words
		if stamp := " (" + explain.Moment(t.Time) + ")"; strings.HasSuffix(words, stamp) {
			words = strings.TrimSuffix(words, stamp)
		}
		rows[i] = [2]string{t.What, explain.Moment(t.Time) + "  " + words}
	}
	return "\n" + s.Bold("Times") + "\n" + s.Pairs("  ", rows)
}

func (r Report) head(s explain.Style) string {
	status := "not sent yet"
	switch {
	case r.Subject.Status != 0:
		status = strings.TrimSpace(fmt.Sprintf("%d %s", r.Subject.Status, http.StatusText(r.Subject.Status)))
	case r.Outcome != OutcomeUnsent && r.Cause != nil && (r.Cause.Rule == "no-answer" || strings.HasPrefix(r.Cause.Rule, "cors-")):
		status = "no answer"
	}
	what := strings.TrimSpace(r.Subject.Method + " " + r.Subject.URL)
	if what == "" {
		what = "A request that was not given"
	}
	line := s.Bold(explain.Visible(what)) + "  " + s.Yellow(status)
	if r.Subject.Of > 1 {
		line += s.Faint(fmt.Sprintf("  (request %d of %d)", r.Subject.Exchange, r.Subject.Of))
	}
	return line + "\n\n"
}

func (r Report) verdict(s explain.Style) string {
	var b strings.Builder
	if c := r.Cause; c != nil {
		sure := map[Certainty]string{Certain: "cause", Likely: "likely cause", Possible: "possible cause"}[c.Certainty]
		label := sure + " [" + c.Rule + "]"
		title := s.Wrap("", label+": "+c.Title)
		if rest, ok := strings.CutPrefix(title, label); ok {
			title = s.Red(s.Bold(label)) + rest
		}
		b.WriteString(title)
		b.WriteString(s.Wrap("  ", explain.Visible(c.Note)))
		b.WriteString(places(s, c.Evidence))
		var rows [][2]string
		if c.Expected != "" {
			rows = append(rows, [2]string{"expected", cut(c.Expected, 200)})
		}
		if c.Actual != "" {
			rows = append(rows, [2]string{"found", cut(c.Actual, 200)})
		}
		side := map[Fault]string{Client: "the client", Server: "the server", Between: "something between client and server"}[c.Fault]
		if c.Rule != "handshake-begun" {
			rows = append(rows, [2]string{"to change", side})
		}
		b.WriteString(s.Pairs("  ", rows))
		return b.String()
	}
	switch r.Outcome {
	case OutcomeFine:
		b.WriteString(s.Wrap("", "Nothing is wrong with this request: the server answered it."))
	case OutcomeUnsent:
		b.WriteString(s.Wrap("", "Nothing in the request stands against it. Whether the server accepts it, only the server knows."))
	case OutcomeUnknown, OutcomeCause, OutcomeNothing:
		b.WriteString(s.Wrap("", "The cause is unknown: nothing in the request or the answer tells it. What was ruled out is below, and what would tell more."))
	}
	return b.String()
}

// places shows the evidence with marks below it.
func places(s explain.Style, list []Evidence) string {
	var b strings.Builder
	for _, e := range list[:min(len(list), 3)] {
		where := "in " + map[string]string{"request": "request", "response": "answer"}[e.In] + fmt.Sprintf(" %d", e.Exchange)
		text, offset := e.Value, e.Offset
		switch e.Field {
		case "command":
			where = "in the command"
		case "status", "request", "url", "body":
			if e.Field == "body" {
				where += ", body"
			}
		case userOption:
			text = userOption + " " + text
			offset += len(userOption) + 1
		case "cookie":
			where += ", cookie"
		case "token payload", "token header":
			where += ", " + e.Field
		default:
			if !strings.HasPrefix(text, e.Field) {
				text = e.Field + ": " + text
				offset += len(e.Field) + 2
			}
		}
		if text == "" {
			continue
		}
		if e.masked() {
			text = cut(text, 70) // there is nothing to see in more of it
		}
		if e.Offset < 0 || e.Length < 0 || e.masked() {
			b.WriteString("  " + s.Faint(where) + "\n" + s.Wrap("    ", explain.Visible(text)))
			continue
		}
		b.WriteString("  " + s.Faint(where) + "\n" + s.Mark("    ", text, offset, e.Length))
	}
	return b.String()
}

// masked tells that nothing can be seen of what would be marked, and that it is
// more than a place to count to.
func (e Evidence) masked() bool {
	if e.Length <= 4 || e.Offset+e.Length > len(e.Value) {
		return false
	}
	return strings.Trim(e.Value[e.Offset:e.Offset+e.Length], "*.") == ""
}

func (r Report) section(s explain.Style, title string, role Role) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Role != role {
			continue
		}
		mark := map[httpauth.Severity]string{httpauth.SeverityError: "error", httpauth.SeverityWarning: "warning", httpauth.SeverityNote: "note"}[f.Severity]
		text := s.Wrap("    ", mark+": "+explain.Visible(f.Message)+" ["+f.ID+"]")
		b.WriteString("  -" + text[3:])
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n" + s.Bold(title) + "\n" + b.String()
}

func bullets(s explain.Style, title string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	for _, text := range list {
		b.WriteString("  -" + s.Wrap("    ", explain.Visible(text))[3:])
	}
	return "\n" + s.Bold(title) + "\n" + b.String()
}

// table lays out the rows for the width there is; what is too long goes on in
// the next line of its column.
func table(s explain.Style, rows []Row, proxy bool) string {
	head := Row{What: "what", Sent: "you sent", Wants: "the server wants", State: "ok?"}
	if proxy {
		head.Wants = "the proxy wants"
	}
	first := len(head.What)
	for _, r := range rows {
		first = max(first, explain.TextWidth(r.What))
	}
	first = min(first, 12)
	room := s.Columns() - 2 - first - 2 - 2 - 2 - 3
	sent, wants := len(head.Sent), len(head.Wants)
	for _, r := range rows {
		sent, wants = max(sent, explain.TextWidth(r.Sent)), max(wants, explain.TextWidth(r.Wants))
	}
	if sent+wants > room {
		half := room / 2
		switch {
		case sent <= half:
			wants = room - sent
		case wants <= half:
			sent = room - wants
		default:
			sent, wants = half, room-half
		}
	}
	var b strings.Builder
	line := func(r Row, paint func(string) string) {
		a, x, y := fold(r.What, first), fold(r.Sent, sent), fold(r.Wants, wants)
		for i := range max(len(a), len(x), len(y)) {
			state := ""
			if i == 0 {
				state = string(r.State)
			}
			text := "  " + pad(at(a, i), first) + "  " + pad(at(x, i), sent) + "  " + pad(at(y, i), wants) + "  " + state
			b.WriteString(paint(strings.TrimRight(text, " ")) + "\n")
		}
	}
	line(head, s.Faint)
	for _, r := range rows {
		paint := func(t string) string { return t }
		if r.State == StateWrong {
			paint = s.Red
		}
		line(r, paint)
	}
	return b.String()
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-explain.TextWidth(text), 0))
}

// fold breaks a text into lines of a width, at spaces where there are some.
func fold(text string, width int) []string {
	var out []string
	for explain.TextWidth(text) > width {
		n, space, used := 0, -1, 0
		for i, r := range text {
			w := explain.TextWidth(string(r))
			if used+w > width {
				break
			}
			used, n = used+w, i+len(string(r))
			if r == ' ' {
				space = i
			}
		}
		if n == 0 {
			break
		}
		if n < len(text) && text[n] == ' ' {
			space = n
		}
		if space > 0 {
			out = append(out, text[:space])
			text = strings.TrimLeft(text[space:], " ")
			continue
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return append(out, text)
}
