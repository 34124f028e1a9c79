package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401/internal/capture"
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
		if x.Request.Incomplete {
			a.say("hint: credentials may be missing from what was read, and then they are missing from what is sent")
		}
		for _, note := range x.Notes {
			if note.Kind == capture.NoteVariable {
				a.say("hint: %s has no value here and is sent as it stands", note.About)
			}
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
