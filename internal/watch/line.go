package watch

import (
	"log/slog"
	"strconv"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// line is a decision on its way into the log.
type line struct {
	r       *gate401.Request
	d       *gate401.Decision
	outcome *outcome // only of refusals
	level   slog.Level
}

// outcome is what a line says about the reason of a refusal: the reason as shown,
// and reason and status in JSON.
type outcome struct {
	info         reason.Info
	code, status string
}

// outcomes of all reasons, which are few and always the same.
func outcomes() map[reason.Code]*outcome {
	all := map[reason.Code]*outcome{}
	for _, info := range reason.All() {
		all[info.Code] = newOutcome(info.Code)
	}
	return all
}

func newOutcome(code reason.Code) *outcome {
	info := code.Shown()
	b := appendAttr(nil, `,"reason":`, string(code))
	b = appendAttr(b, `,"shown":`, string(info.Code))
	return &outcome{info: info, code: string(b), status: `,"status":` + strconv.Itoa(info.Status)}
}

func (l *line) refused() bool { return l.outcome != nil }

// appendJSON writes the line in the shape of slog.JSONHandler. It is
// written by hand because slog needs 2 us and several allocations for it, more
// than the decision takes.
func (l *line) appendJSON(b []byte, c *clock) []byte {
	r, d := l.r, l.d
	b = append(b, `{"time":"`...)
	b = c.append(b, r.Time)
	if l.level == slog.LevelWarn {
		b = append(b, `","level":"WARN","msg":"decision"`...)
	} else {
		b = append(b, `","level":"INFO","msg":"decision"`...)
	}
	b = appendAttr(b, `,"request_id":`, r.ID)
	b = appendAttr(b, `,"rule":`, d.Rule)
	b = appendAttr(b, `,"method":`, d.Method())
	b = appendAttr(b, `,"subject":`, cut(d.Subject(), maxText))
	if l.refused() {
		b = append(b, l.outcome.code...)
	}
	if r.Client.IsValid() {
		b = append(b, `,"client":"`...)
		b = r.Client.AppendTo(b)
		b = append(b, '"')
	}
	if l.refused() {
		b = append(b, l.outcome.status...)
	} else if d.Preflight {
		b = append(b, `,"status":204`...)
	}
	b = appendAttr(b, `,"verb":`, cut(r.Method, maxText))
	b = appendAttr(b, `,"host":`, cut(r.Host, maxText))
	b = appendAttr(b, `,"path":`, cut(r.Path, maxPath))
	b = appendAttr(b, `,"inbound_id":`, r.InboundID)
	b = appendAttr(b, `,"surface":`, r.Surface)
	if id := d.Identity; id != nil {
		b = appendAttr(b, `,"credential":`, cut(id.Credential, maxText))
		b = appendAttr(b, `,"issuer":`, cut(id.Issuer, maxText))
	}
	if l.level == slog.LevelWarn {
		b = appendAttr(b, `,"error":`, causeOf(d))
	} else {
		b = appendAttr(b, `,"cause":`, causeOf(d))
	}
	return append(b, '}', '\n')
}

// appendAttr leaves out what is empty.
func appendAttr(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendJSON(append(b, name...), value)
}

// Colours of a terminal, by what the answer means.
const (
	plain  = "\x1b[0m"
	dim    = "\x1b[2m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	purple = "\x1b[35m"
	cyan   = "\x1b[36m"
)

// maxNote is how much of the cause fits on a terminal line.
const maxNote = 120

// appendText writes the line for a person at a terminal.
func (l *line) appendText(b []byte, colour bool) []byte {
	r, d := l.r, l.d
	b = r.Time.AppendFormat(b, "15:04:05")
	b = append(b, ' ', ' ')
	if colour {
		b = append(b, l.colour()...)
	}
	switch {
	case d.Allow:
		b = append(b, "ok "...)
	case d.Preflight:
		b = append(b, "204"...)
	default:
		b = strconv.AppendInt(b, int64(l.outcome.info.Status), 10)
	}
	if colour {
		b = append(b, plain...)
	}
	b = append(b, ' ', ' ')
	b = appendWord(b, cut(r.Method, maxText)+" "+cut(r.Path, maxPath), 22)
	b = appendWord(b, string(d.Reason()), 19)
	b = appendWord(b, cut(d.Subject(), maxText), 6)
	b = appendWord(b, d.Method(), 7)
	client := ""
	if r.Client.IsValid() {
		client = r.Client.String()
	}
	b = appendWord(b, client, 9)
	b = append(b, r.ID...)
	if l.refused() {
		b = append(b, "  -> next: "...)
		b = append(b, l.outcome.info.Retry...)
		if cause := causeOf(d); cause != "" {
			if colour {
				b = append(b, dim...)
			}
			b = append(b, "  ("...)
			b = append(b, clean(cut(cause, maxNote))...)
			b = append(b, ')')
			if colour {
				b = append(b, plain...)
			}
		}
	}
	return append(b, '\n')
}

func (l *line) colour() string {
	if !l.refused() {
		return green
	}
	switch l.outcome.info.Status {
	case 401:
		return yellow
	case 403:
		return purple
	case 429:
		return cyan
	}
	return red
}
