package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// traced is a life as JSON.
type traced struct {
	Kind    string         `json:"kind"`
	ID      string         `json:"id"`
	State   string         `json:"state"`
	Key     *apiKey        `json:"key,omitempty"`
	Session *sessionRecord `json:"session,omitempty"`
	Login   *loginRecord   `json:"login,omitempty"`
	Logins  []loginRecord  `json:"logins,omitempty"`
	Events  []step         `json:"events"`
	Cut     bool           `json:"cut"`
	Revoked *time.Time     `json:"revoked,omitempty"`
	Cause   string         `json:"cause,omitempty"`
	// Reason is that with which the gate refuses a token that nobody revoked.
	Reason   string `json:"reason,omitempty"`
	Expected string `json:"-"`
}

// step is an event as JSON.
type step struct {
	Time      time.Time `json:"time"`
	What      string    `json:"what"`
	Method    string    `json:"method,omitempty"`
	Object    string    `json:"object,omitempty"`
	Count     int       `json:"count"`
	Family    string    `json:"family,omitempty"`
	Session   string    `json:"session,omitempty"`
	Client    string    `json:"client_id,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Detail    string    `json:"detail,omitempty"`
}

// trace is the command that tells a life. kind is what an ID stands for; empty
// for anything.
func (a *app) trace(argument, short, long, example string, kind history.Kind, names func(*records, context.Context) []named) *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "trace " + argument + "|-",
		Short: short,
		Long: "Tells when it was issued, renewed, used, refused and revoked, in the order in which that happened, with the client and the id of each request " +
			"(\"gate401 explain REQUEST-ID\" tells more about a refusal). " + long + "\n\n" +
			"Uses are counted: the first one is told within a second, later ones in steps that grow up to an hour while the gate runs. A life is kept for 30 days. " +
			"The exit status is 1 if nothing is known.",
		Example: example,
		Args:    wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := a.readRef(args[0])
			if err != nil {
				return err
			}
			if ref.Kind == "" {
				ref.Kind = kind
			}
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			life, err := history.Trace(cmd.Context(), r.Set, ref)
			if errors.Is(err, store.ErrNotFound) {
				return fail(ExitProblems, fmt.Errorf("nothing is known of %s", orThat(ref.ID)),
					"a life is kept for 30 days; another gate, or another file of records (-c, --store), may have issued it")
			}
			if err != nil {
				return storeError(err)
			}
			out := newTraced(life, a.Now())
			if err := r.judge(cmd.Context(), life, &out); err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(out)
			}
			a.print(a.traceText(life, out))
			return nil
		},
	}
	cmd.ValidArgsFunction = a.complete(&w, names)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// orThat names an identifier, or a secret whose identifier is not known.
func orThat(id string) string {
	if id == "" {
		return "that"
	}
	return fmt.Sprintf("%q", explain.Visible(id))
}

// readRef reads the argument, or standard input for "-". A secret is turned into
// its identifier here and kept nowhere.
func (a *app) readRef(arg string) (history.Ref, error) {
	text := arg
	if arg == "-" {
		data, err := io.ReadAll(io.LimitReader(a.In, maxInput))
		if err != nil {
			return history.Ref{}, fail(ExitUntested, err)
		}
		text = string(data)
	}
	ref, err := history.Read(text)
	if err != nil {
		return ref, fail(ExitProblems, err)
	}
	if arg != "-" && ref.ID != strings.TrimSpace(text) {
		a.exposed()
	}
	return ref, nil
}

func newTraced(l *history.Life, now time.Time) traced {
	out := traced{Kind: string(l.Kind), ID: l.ID, State: "unknown", Cut: l.Cut, Events: []step{}}
	if l.Key != nil {
		k := newAPIKey(*l.Key, now)
		out.Key, out.State, out.Revoked = &k, k.State, k.Revoked
	}
	if l.Session != nil {
		s := newSession(*l.Session, now)
		out.Session = &s
		if l.Kind == history.KindSession {
			out.State, out.Revoked, out.Cause = s.State, s.Revoked, s.Cause
		}
	}
	if l.Family != nil {
		f := newLogin(*l.Family, now)
		out.Login = &f
		if l.Kind != history.KindSession {
			out.State, out.Revoked, out.Cause = f.State, f.Revoked, f.Cause
		}
	}
	for _, f := range l.Families {
		out.Logins = append(out.Logins, newLogin(f, now))
	}
	if l.Revoked != nil {
		out.State, out.Revoked, out.Cause = "revoked", moment(l.Revoked.At), l.Revoked.Cause
	} else if l.Kind == history.KindToken && out.State == "unknown" && len(l.Events) > 0 {
		out.State = notRevoked
	}
	for _, e := range l.Events {
		out.Events = append(out.Events, step{
			Time: e.Time.UTC(), What: string(e.Kind), Method: e.Method, Object: e.Object, Count: e.Count, Family: e.Family, Session: e.Session, Client: e.Client,
			Subject: e.Subject, Reason: e.Reason, RequestID: e.RequestID, Detail: e.Detail,
		})
	}
	return out
}

// judge says of an access token that nobody revoked what the gate decides: its
// account may be another one by now, its client suspended.
func (r *records) judge(ctx context.Context, l *history.Life, out *traced) error {
	if l.Kind != history.KindToken || l.Revoked != nil || out.State != active && out.State != notRevoked {
		return nil
	}
	t := l.Token()
	var last store.Event
	for _, e := range l.Events {
		if e.Object != l.ID {
			continue
		}
		if t.Issued.IsZero() {
			t.Issued = e.Time // at the latest
		}
		if e.Kind != store.EventRevoked {
			last = e
		}
	}
	if l.Family != nil && l.Family.Issuer != "" {
		t.Subject = "" // nobody's account, though it may have the name of one
	}
	var no *gate401.Denial
	switch err := r.TokenStands(ctx, t); {
	case errors.As(err, &no):
		out.State, out.Reason, out.Cause = refusedState, string(no.Reason), no.Err.Error()
	case err != nil:
		return err
	case last.Kind == store.EventRefused && last.Reason == string(reason.TokenRevoked):
		out.State, out.Reason = refusedState, last.Reason
	}
	return nil
}

// States of an access token that nobody revoked.
const (
	notRevoked   = "not revoked"
	refusedState = "refused"
)

// traceText tells a life: what it is, then its steps.
func (a *app) traceText(l *history.Life, out traced) string {
	now := a.Now()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	state := out.State
	if out.Revoked != nil {
		state = fmt.Sprintf("revoked %s (%s)", ago(*out.Revoked, now), explain.Moment(*out.Revoked))
		if out.Cause != "" {
			state += ": " + explain.Visible(out.Cause)
		}
	}
	if out.Reason != "" {
		state = "refused as " + out.Reason
		if out.Cause != "" {
			state += ": " + explain.Visible(out.Cause)
		}
	}
	line("%s %s: %s", a.style.Bold(what(string(l.Kind))), explain.Visible(l.ID), state)
	if k := out.Key; k != nil {
		line("  of %s, made %s (%s), %s", cmp.Or(explain.Visible(k.Owner), "nobody"), ago(k.Created, now), explain.Moment(k.Created), ends(k.Expires, k.State, now))
		if k.Successor != "" {
			line("  replaced by %s", k.Successor)
		}
	}
	for _, f := range append(out.Logins, orNo(out.Login)...) {
		from := ""
		if f.Session != "" {
			from = ", by the session " + f.Session
		}
		line("  login %s of %s at the client %s%s, %s, %s", f.ID, explain.Visible(f.Subject), orDash(explain.Visible(f.Client)), from, ago(f.Created, now), ends(f.Expires, f.State, now))
	}
	if s := out.Session; s != nil {
		line("  session %s of %s, from %s, %s", s.ID, explain.Visible(s.Subject), cmp.Or(s.Address, "an unknown address"), ends(&s.Expires, s.State, now))
	}
	if l.Cut {
		line("  (only the last %d steps are told)", history.MaxEvents)
	}
	b.WriteByte('\n')
	var rows [][]string
	for _, e := range out.Events {
		rows = append(rows, []string{explain.Moment(e.Time), ago(e.Time, now), e.What, thing(l, e), happened(e), orDash(e.RequestID)})
	}
	b.WriteString(a.table([]string{"when", "", "what", "credential", "how", "request"}, rows))
	return b.String()
}

func orNo(f *loginRecord) []loginRecord {
	if f == nil {
		return nil
	}
	return []loginRecord{*f}
}

// ends says when something is over that is in that state.
func ends(t *time.Time, state string, now time.Time) string {
	switch {
	case state == "revoked":
		return state
	case t == nil:
		return "does not expire"
	case past(*t, now):
		return "ended " + ago(*t, now)
	}
	return "ends " + ago(*t, now)
}

// what calls a credential in words.
func what(method string) string {
	switch method {
	case "bearer", string(history.KindToken):
		return "access token"
	case string(history.KindRefresh):
		return "refresh token"
	case string(history.KindFamily):
		return "login"
	case string(history.KindKey):
		return "API key"
	case "subject":
		return "account"
	}
	return method
}

// thing is the credential that a step is about; that which was asked for is
// "this one".
func thing(l *history.Life, e step) string {
	name := what(e.Method)
	if e.Object != "" && e.Object == e.Family && name == what(string(history.KindRefresh)) {
		name = what(string(history.KindFamily))
	}
	if e.Object == l.ID && l.Kind != history.KindFamily {
		return "this " + name
	}
	return strings.TrimSpace(name + " " + explain.Visible(e.Object))
}

// happened tells the rest of a step.
func happened(e step) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, explain.Visible(text))
		}
	}
	add(e.Reason)
	if e.Count > 1 {
		add(fmt.Sprintf("%d times, at last", e.Count))
	}
	add(e.Detail)
	switch {
	case e.What != string(store.EventIssued):
	case e.Client != "" && e.Subject != "":
		add("to " + e.Client + " for " + e.Subject)
	case e.Subject != "":
		add("for " + e.Subject)
	}
	return orDash(strings.Join(parts, " "))
}
