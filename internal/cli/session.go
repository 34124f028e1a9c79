package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func (a *app) session() *cobra.Command {
	return a.group("session", "List, show and revoke the sessions of browsers",
		"A session is a browser in which somebody is logged in. One that is revoked is refused at once, also by a gate that is running, and on open streams.",
		a.sessionList(), a.sessionShow(), a.sessionRevoke(),
		a.trace("ID", "Tell the life of a session", "ID may also be the cookie's value, read from standard input with -.", "gate401 session trace s_454af5873d85fd595c7e", history.KindSession, (*records).sessionNames))
}

// sessionRecord is a session as JSON, without its secret's hash.
type sessionRecord struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Subject  string     `json:"subject"`
	Issuer   string     `json:"issuer,omitempty"`
	Provider string     `json:"provider,omitempty"`
	Display  string     `json:"display,omitempty"`
	AuthTime *time.Time `json:"auth_time,omitempty"`
	AMR      []string   `json:"amr"`
	Address  string     `json:"address,omitempty"`
	Agent    string     `json:"agent,omitempty"`
	Created  time.Time  `json:"created"`
	Seen     *time.Time `json:"seen,omitempty"`
	Idle     *time.Time `json:"idle_until,omitempty"`
	Expires  time.Time  `json:"expires"`
	Revoked  *time.Time `json:"revoked,omitempty"`
	Cause    string     `json:"cause,omitempty"`
}

func newSession(s store.Session, now time.Time) sessionRecord {
	out := sessionRecord{
		ID: s.ID, State: active, Subject: s.Subject, Issuer: s.Issuer, Provider: s.Provider, Display: s.Display, AuthTime: moment(s.AuthTime), AMR: orNone(s.AMR),
		Address: s.Address, Agent: s.Agent, Created: s.Created.UTC(), Seen: moment(s.Seen), Idle: moment(s.Idle), Expires: s.Expires.UTC(), Revoked: moment(s.Revoked), Cause: s.Cause,
	}
	switch {
	case !s.Revoked.IsZero():
		out.State = "revoked"
	case past(s.Expires, now):
		out.State = "expired"
	case past(s.Idle, now):
		out.State = "idle" // it was not used for too long
	}
	return out
}

// agentWords is a User-Agent field as short as a table wants it: the browser where
// one is known, else what was sent. "session show" has all of it.
func agentWords(field string) string {
	switch browser, system := people.Agent(field); {
	case browser == "":
		return explain.Visible(field)
	case system == "":
		return browser
	default:
		return browser + " on " + system
	}
}

func (a *app) sessionList() *cobra.Command {
	var w where
	var account string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List sessions",
		Long:    "Lists the sessions that are good, the newest first; with --all also those that are over and still remembered.",
		Example: "gate401 session list --account alice",
		Args:    wants(0, 0, ""),
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			subject, err := r.subject(ctx, account)
			if err != nil {
				return err
			}
			now := a.Now()
			sessions := listing[sessionRecord]{head: []string{"id", "state", "who", "since", "seen", "address", "agent"}}
			var found []store.Session
			for s, err := range r.sessions(ctx, subject) {
				if err != nil {
					return storeError(err)
				}
				if all || newSession(s, now).State == active {
					found = append(found, s)
				}
			}
			slices.SortStableFunc(found, func(a, b store.Session) int { return b.Created.Compare(a.Created) })
			for _, s := range found {
				out := newSession(s, now)
				who := explain.Visible(out.Subject)
				if out.Provider != "" {
					who += " (" + explain.Visible(out.Provider) + ")"
				}
				sessions.add(out, out.ID, out.State, who, ago(out.Created, now), ago(people.LastSeen(s), now), orDash(out.Address), orDash(agentWords(out.Agent)))
			}
			return sessions.print(a, asJSON, "nobody is logged in by a browser")
		}),
	}
	cmd.Flags().StringVar(&account, "account", "", "only those of this account, or of this subject of a provider: `NAME`")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.completeFlag(cmd, "account", &w, (*records).accountNames)
	w.flags(cmd)
	return cmd
}

// findSession finds a session by its ID.
func (r *records) findSession(ctx context.Context, id string) (store.Session, error) {
	s, err := r.Set.Sessions.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return s, unknown("session", id, r.sessionNames(ctx), "session list --all")
	}
	return s, storeError(err)
}

// notSession is what ends that which somebody took for a session; empty for
// nothing.
func (r *records) notSession(ctx context.Context, id string) string {
	switch flag := r.called(ctx, id); {
	case strings.HasPrefix(flag, "--account"):
		return flag
	case flag != "":
		return `"gate401 token revoke ` + flag + r.at.flagsAgain() + `"`
	}
	if f, err := r.Set.Tokens.TokenFamily(ctx, id); err == nil {
		return `"gate401 token revoke --login ` + f.ID + r.at.flagsAgain() + `"`
	}
	if k, err := r.Set.APIKeys.APIKey(ctx, id); err == nil {
		return `"gate401 key revoke ` + k.ID + r.at.flagsAgain() + `"`
	}
	return ""
}

func (a *app) sessionShow() *cobra.Command {
	return show(a, &cobra.Command{Use: "show ID", Short: "Show one session", Example: "gate401 session show s_454af5873d85fd595c7e"}, (*records).sessionNames,
		func(ctx context.Context, r *records, id string) (sessionRecord, error) {
			s, err := r.findSession(ctx, id)
			return newSession(s, a.Now()), err
		}, a.showSession)
}

func (a *app) showSession(s sessionRecord) {
	f := facts{app: a}
	f.add("id", s.ID)
	f.add("state", s.State)
	f.add("who", s.Subject)
	f.add("provider", s.Provider)
	f.add("display", s.Display)
	f.at("logged in", s.AuthTime)
	f.add("by", strings.Join(s.AMR, ", "))
	f.at("seen", s.Seen)
	f.at("ends if not used", s.Idle)
	f.at("ends", &s.Expires)
	f.at("revoked", s.Revoked)
	f.add("because", s.Cause)
	f.add("address", s.Address)
	f.add("agent", s.Agent)
	f.print()
}

func (a *app) sessionRevoke() *cobra.Command {
	var w where
	var account string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "revoke ID | --account NAME | --all",
		Short: "Log a browser out, or all of an account, or all of everyone",
		Long:  "The session is refused from now on, also by a gate that is running. Apps keep their access: \"gate401 token revoke\" ends that.",
		Example: `gate401 session revoke s_454af5873d85fd595c7e
gate401 session revoke --account alice`,
		Args: func(cmd *cobra.Command, args []string) error {
			if account != "" || all {
				return wants(0, 0, "")(cmd, args)
			}
			return wants(1, 1, "the id, --account or --all")(cmd, args)
		},
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			var targets []store.Session
			fact := ""
			if len(args) == 1 {
				s, err := r.findSession(ctx, args[0])
				if err != nil {
					if other := r.notSession(ctx, args[0]); other != "" {
						return fail(ExitProblems, fmt.Errorf("there is no session %q", explain.Visible(args[0])), "did you mean "+other+"?")
					}
					return err
				}
				targets, fact = []store.Session{s}, "revoked "+s.ID+" of "+explain.Visible(s.Subject)
				if !s.Revoked.IsZero() {
					fact = s.ID + " was revoked " + explain.Moment(s.Revoked)
				}
			} else {
				subject, err := r.subject(ctx, account)
				if err != nil {
					return err
				}
				for s, err := range r.sessions(ctx, subject) {
					if err != nil {
						return storeError(err)
					}
					if newSession(s, a.Now()).State == active {
						targets = append(targets, s)
					}
				}
				fact = "revoked " + counted(len(targets), "session", "sessions")
			}
			revoked := []string{}
			for _, s := range targets {
				if err := r.users(ctx).EndSession(ctx, r.by(), people.Who{Subject: s.Subject, Issuer: s.Issuer}, s.ID); err != nil {
					if len(revoked) > 0 {
						a.say("revoked %s before that: %s", counted(len(revoked), "session", "sessions"), strings.Join(revoked, " "))
					}
					return peopleError(err)
				}
				revoked = append(revoked, s.ID)
			}
			if asJSON {
				return a.json(map[string]any{"revoked": true, "sessions": revoked})
			}
			a.say("%s", fact)
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).sessionNames),
	}
	cmd.Flags().StringVar(&account, "account", "", "all those of this account, or of this subject of a provider: `NAME`")
	cmd.Flags().BoolVar(&all, "all", false, "all those of everyone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	exclusive(cmd, "account", "all")
	a.completeFlag(cmd, "account", &w, (*records).accountNames)
	w.flags(cmd)
	return cmd
}
