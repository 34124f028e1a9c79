package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// explainWhat finds out what the text is.
func (a *app) explainWhat(cmd *cobra.Command, f explainFlags, what string) error {
	argument := what != "-"
	if !argument {
		if isTerminal(a.In) {
			a.say("paste what you want to have explained; Ctrl-D ends it")
		}
		data, err := io.ReadAll(io.LimitReader(a.In, capture.MaxFile+1))
		if err != nil {
			return fail(ExitUntested, err)
		}
		if what = string(capture.UTF8(data)); strings.TrimSpace(what) == "" {
			return usagef("", "explain: standard input is empty")
		}
	}
	g := explain.Guess(what)
	if id, ok := lookupID(what); ok && g.Kind != explain.KindCode && !f.source.needsRequest() {
		return a.explainID(f, id)
	}
	if argument && g.Secret() {
		a.exposed()
	}
	if f.source.needsRequest() && g.Kind != explain.KindURL && g.Kind != explain.KindCurl && !isSource(g.Kind) {
		return usagef("they go with a request: a URL, --curl, --har, --raw or --postman", "explain: there is no request for --send, -H, -d, -X or -u")
	}
	switch g.Kind {
	case explain.KindCode:
		return a.explainCode(f, g.Values[0])
	case explain.KindStatus:
		return a.explainStatus(f, g.Values[0])
	case explain.KindRequestID:
		return a.explainRequest(cmd.Context(), f, g.Values[0])
	case explain.KindChallenge:
		return a.explainChallenge(f, g.Values)
	case explain.KindToken:
		r := explain.Token(g.Values[0], a.Now(), f.open)
		if f.asJSON {
			return verdict(r.Cause == nil && r.Valid(), a.jsonLine(r))
		}
		a.print(r.Text(a.style))
		return verdict(r.Cause == nil && r.Valid(), nil)
	case explain.KindAuthorization, explain.KindMisspelt:
		r := explain.Misspelt(fieldName(g), g.Values[0], a.Now(), f.open)
		if f.asJSON {
			return verdict(r.Cause == nil && r.Valid, a.jsonLine(r))
		}
		a.print(r.Text(a.style))
		return verdict(r.Cause == nil && r.Valid, nil)
	case explain.KindResponse:
		return a.explainResponse(f, g.Values[0])
	case explain.KindCurl, explain.KindURL, explain.KindHAR, explain.KindPostman, explain.KindExchange:
		return a.explainGuessed(cmd.Context(), f, g, argument)
	case explain.KindUnknown:
	}
	if argument {
		if done, err := a.explainFile(cmd.Context(), f, what); done {
			return err
		}
	}
	return unknownWhat(what, argument)
}

// explainResponse explains a whole response. One that refuses is a problem that
// was found.
func (a *app) explainResponse(f explainFlags, text string) error {
	r, ok := explain.Response(text)
	if !ok {
		return unknownWhat(text, false)
	}
	if f.asJSON {
		return verdict(r.Good(), a.jsonLine(r))
	}
	a.print(r.Text(a.style))
	return verdict(r.Good(), nil)
}

func fieldName(g explain.Guessed) string {
	if g.Kind == explain.KindMisspelt {
		return g.Name
	}
	return "Authorization"
}

// unknownWhat does not repeat the text: it may be a password.
func unknownWhat(what string, argument bool) error {
	hint := `"gate401 explain --help" shows what can be explained`
	if meant := closestID(what); argument && meant != "" {
		hint = "did you mean " + meant + "?"
	} else if _, err := os.Stat(what); argument && err == nil {
		hint = "to explain what is in a file: gate401 explain - < " + explain.Visible(what)
	}
	return usagef(hint, "explain: this is no reason, rule, finding, request id, token, or line of a header that matters here")
}

func (a *app) explainCode(f explainFlags, code string) error {
	info, err := lookupReason(code)
	if err != nil {
		return err
	}
	r := explain.Reason(info)
	if f.asJSON {
		return a.json(r)
	}
	a.print(r.Text(a.style))
	return nil
}

// explainStatus lists the reasons behind one status.
func (a *app) explainStatus(f explainFlags, status string) error {
	var all []reason.Info
	for _, i := range reason.All() {
		if strconv.Itoa(i.Status) == status {
			all = append(all, i)
		}
	}
	var answers []explain.Answer
	for _, x := range explain.Answers() {
		if strconv.Itoa(x.Status) == status {
			answers = append(answers, x)
		}
	}
	switch {
	case f.asJSON && len(all) == 0:
		return a.json(answers)
	case f.asJSON && len(answers) == 0:
		return a.json(entries(all))
	case f.asJSON:
		both := make([]any, 0, len(answers)+len(all))
		for _, x := range answers {
			both = append(both, x)
		}
		for _, e := range entries(all) {
			both = append(both, e)
		}
		return a.json(both)
	}
	means := map[string]string{
		"400": "The request contradicts itself or cannot be read. Sending it again changes nothing.",
		"401": "Who is asking? The request carries no valid proof. The WWW-Authenticate fields of the answer name every way to give one.",
		"403": "It is clear who is asking, and the answer is no. Logging in again does not help.",
		"413": "The request is larger than the gate passes on.",
		"429": "Too many attempts. Wait for the time in Retry-After.",
		"502": "The API behind the gate could not be asked, or its answer could not be passed on. Nobody was refused.",
		"503": "The credentials could not be checked just now, or the API behind the gate has no time. Keep the credentials and send the same request later.",
		"504": "The API behind the gate did not answer in time. Nobody was refused.",
	}
	a.print(a.style.Wrap("", means[status]))
	more := ""
	if len(answers) > 0 {
		rows := make([][]string, len(answers))
		for i, x := range answers {
			rows[i] = []string{status, x.Code, x.Title}
		}
		a.print("\n" + a.table([]string{"status", "answer", "title"}, rows))
		more = answers[0].Code
	}
	if len(all) > 0 {
		a.print("\n" + a.reasonTable(all))
		more = string(all[0].Code)
	}
	a.print(fmt.Sprintf("\n\"gate401 explain %s\" says more, and so for each of them.\n", more))
	return nil
}
