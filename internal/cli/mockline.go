package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gate401/gate401/mock"
)

// mockLine tells one request and its answer, for a person. The query is left out,
// since that is where tokens should not be and often are.
func mockLine(w io.Writer, e mock.Entry, colour bool) {
	status := strconv.Itoa(e.Status)
	if e.Status == 0 {
		status = "---"
	}
	if colour {
		status = statusColour(e.Status) + status + "\x1b[0m"
	}
	var notes []string
	if e.Session != "" {
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
	line := fmt.Sprintf("%s  %s  %-40s  %6s  %s", e.Time.Local().Format("15:04:05"), status, printable(e.Method+" "+pathOf(e.Target)), e.Took.Round(100*time.Microsecond), printable(strings.Join(notes, ", ")))
	_, _ = io.WriteString(w, strings.TrimRight(line, " ")+"\n")
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
