package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/mock"
)

// mockLine tells one request and its answer, for a person. The query is left out,
// since that is where tokens should not be and often are.
func mockLine(e mock.Entry, s explain.Style) string {
	status := strconv.Itoa(e.Status)
	if e.Status == 0 {
		status = "---"
	}
	if s.Color {
		status = statusColour(e.Status) + status + "\x1b[0m"
	}
	path := pathOf(e.Target)
	var notes []string
	if e.Session != "" && !strings.HasPrefix(path, "/s/"+e.Session) {
		notes = append(notes, "session "+e.Session)
	}
	for _, one := range []string{e.Endpoint, e.Scenario, string(e.Reason)} {
		if one != "" && (len(notes) == 0 || notes[len(notes)-1] != one) {
			notes = append(notes, one)
		}
	}
	if e.Fault != "" {
		notes = append(notes, "fault "+e.Fault)
	}
	note := printable(strings.Join(notes, ", "))
	const column, others = 40, len("15:04:05  401  ") + len("  12.3ms  ")
	room := max(s.Width-others-utf8.RuneCountInString(note), column)
	request := []rune(printable(e.Method + " " + path))
	if len(request) > room {
		request = append(request[:room-1], '…')
	}
	line := fmt.Sprintf("%s  %s  %-*s  %6s  %s", e.Time.Local().Format("15:04:05"), status, column, string(request), shortTime(e.Took), note)
	return strings.TrimRight(line, " ") + "\n"
}

// shortTime has three digits at most, in milliseconds as long as that is short.
func shortTime(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 0.1:
		return "<0.1ms"
	case ms < 9.95:
		return strconv.FormatFloat(ms, 'f', 1, 64) + "ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + "s"
}

func statusColour(status int) string {
	switch {
	case status == 401:
		return "\x1b[33m"
	case status >= 200 && status < 400:
		return "\x1b[32m"
	case status == 403:
		return "\x1b[35m"
	case status == 429:
		return "\x1b[36m"
	}
	return "\x1b[31m"
}

// mockEvent tells the same to a program.
func mockEvent(log *slog.Logger, e mock.Entry) {
	attrs := []slog.Attr{
		slog.String("verb", e.Method), slog.String("path", pathOf(e.Target)), slog.Int("status", e.Status),
		slog.String("client", e.Client), slog.Duration("took", e.Took),
	}
	for _, one := range []struct{ name, value string }{
		{"session", e.Session}, {"endpoint", e.Endpoint}, {"scenario", e.Scenario}, {"reason", string(e.Reason)}, {"fault", e.Fault},
	} {
		if one.value != "" {
			attrs = append(attrs, slog.String(one.name, one.value))
		}
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "request", attrs...)
}

func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if len(path) > 200 {
		path = path[:200] + "..."
	}
	return path
}

// printable keeps a terminal from obeying what a client sent.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
