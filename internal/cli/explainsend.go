package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
)

// maxSent is how many requests of one source are sent unasked.
const maxSent = 20

// sendCapture makes the request that is meant. unsent tells why no answer could
// be had; what is known is explained all the same.
func (a *app) sendCapture(ctx context.Context, f explainFlags, c capture.Capture, n int) (sent capture.Capture, unsent, err error) {
	chosen, err := toSend(c, n)
	if err != nil {
		return c, nil, err
	}
	sender := capture.Sender{Timeout: f.source.sendTimeout(), Now: a.Now, Progress: func(text string) { a.say("%s", text) }}
	sent = capture.Capture{Source: c.Source + ", sent now", Notes: c.Notes}
	for _, x := range chosen {
		if x.Request.URL.Host == "" {
			return c, nil, usagef("add the Host field or a whole URL", "explain: --send: the request does not say which server it is for")
		}
		prompts := slices.ContainsFunc(x.Notes, func(n capture.Note) bool { return n.Text == capture.AsksPassword })
		if x.Request.Incomplete && !prompts {
			a.say("hint: credentials may be missing from what was read, and then they are missing from what is sent")
		}
		if err := a.unresolved(x); err != nil {
			return c, nil, err
		}
		x.Request.Options.Insecure = x.Request.Options.Insecure || f.source.insecure
		x.Request.Options.Follow = x.Request.Options.Follow || f.source.follow
		x.Response = nil
		made, failure := sender.Send(ctx, x)
		sent.Exchanges = append(sent.Exchanges, made...)
		if failure != nil {
			hint := ""
			var helpful interface{ Hint() string }
			if errors.As(failure, &helpful) {
				hint = helpful.Hint()
			}
			unsent = fail(ExitUntested, fmt.Errorf("no answer from %s: %w", x.Request.URL.Host, failure), hints(hint)...)
			break
		}
	}
	return sent, unsent, nil
}

// unresolved refuses to send the name of a variable: the answer to that says
// nothing about the request that is meant.
func (a *app) unresolved(x capture.Exchange) error {
	q := x.Request
	var sent strings.Builder
	for _, f := range q.Header {
		sent.WriteString(f.Value + "\n")
	}
	path, err := url.PathUnescape(q.URL.EscapedPath())
	if err != nil {
		path = q.URL.Path
	}
	sent.WriteString(q.URL.Host + path + "?" + q.URL.RawQuery + "\n" + q.Options.User + "\n")
	sent.Write(q.Body)
	for _, note := range x.Notes {
		name := note.About
		switch {
		case note.Kind != capture.NoteVariable:
		case note.Text == capture.AsksPassword:
			a.say("hint: curl asks for the password, which is not known here; nothing is sent for -u")
		case strings.HasPrefix(name, "-"), strings.HasPrefix(name, "{{$"), !strings.Contains(sent.String(), name):
		case strings.HasPrefix(name, "{{"):
			return usagef("give the environment that has it, --postman-env FILE, or put the value in", "explain: --send: %s has no value here", explain.Visible(name))
		case strings.HasPrefix(name, "$("), strings.HasPrefix(name, "`"):
			return usagef("let your shell run it: gate401 explain --send -- curl ..., or put the value in", "explain: --send: what a command in it prints is not known here")
		default:
			return usagef("export it and let your shell fill it in: gate401 explain --send -- curl ..., or put the value in", "explain: --send: %s has no value here", explain.Visible(bareVariable(name)))
		}
	}
	return nil
}

// bareVariable is a variable without the value that stands for it where it has
// none: ${NAME:-secret}.
func bareVariable(name string) string {
	if i := strings.IndexAny(name, ":-=?+#"); i > 0 && strings.HasPrefix(name, "${") {
		return name[:i] + "}"
	}
	return name
}

func hints(hint string) []string {
	if hint == "" {
		return nil
	}
	return []string{hint}
}

// toSend is the request that --entry names, else the first that failed, else
// all of a command.
func toSend(c capture.Capture, n int) ([]capture.Exchange, error) {
	if n > 0 {
		return c.Exchanges[n-1 : n], nil
	}
	answered := false
	for i, x := range c.Exchanges {
		if failed(x) && x.Request.Method != "OPTIONS" {
			return c.Exchanges[i : i+1], nil
		}
		answered = answered || x.Response != nil
	}
	if len(c.Exchanges) > maxSent || answered && len(c.Exchanges) > 1 {
		return nil, usagef("--entry N or --entry PART-OF-THE-URL; "+listEntries(c), "explain: --send: which of the %d requests?", len(c.Exchanges))
	}
	return c.Exchanges, nil
}
