package cli

import (
	"context"
	"errors"
	"fmt"
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
		a.trace("ID", "Tell the life of a session", "ID may also be the cookie's value, read from standard input with -.", "gate401 session trace s_454af5873d85fd595c7e", history.KindSession, a.completeSessions))
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
		ID: s.ID, State: "active", Subject: s.Subject, Issuer: s.Issuer, Provider: s.Provider, Display: s.Display, AuthTime: moment(s.AuthTime), AMR: orNone(s.AMR),
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

// eachSession goes through the sessions of one subject, or of everyone.
func (r *records) eachSession(ctx context.Context, subject string, each func(store.Session)) error {
	for after := ""; ; {
		page, err := r.Set.Sessions.ListSessions(ctx, subject, after, store.MaxPage)
		if err != nil {
			return err
		}
		for _, s := range page {
			each(s)
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
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
		Long:    "Lists the sessions that are good; with --all also those that are over and still remembered.",
		Example: "gate401 session list --account alice",
		Args:    wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			now := a.Now()
			sessions := []sessionRecord{}
			var rows [][]string
			err = r.eachSession(cmd.Context(), subjectName(account), func(s store.Session) {
				out := newSession(s, now)
				if !all && out.State != "active" {
					return
				}
				sessions = append(sessions, out)
				who := explain.Visible(out.Subject)
				if out.Provider != "" {
					who += " (" + explain.Visible(out.Provider) + ")"
				}
				rows = append(rows, []string{out.ID, out.State, who, ago(out.Created, now), ago(people.LastSeen(s), now), orDash(out.Address), orDash(explain.Visible(out.Agent))})
			})
			if err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(sessions)
			}
			if len(rows) == 0 {
				a.say("nobody is logged in by a browser")
			}
			a.print(a.table([]string{"id", "state", "who", "since", "seen", "address", "agent"}, rows))
			return nil
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "only those of this account: `NAME`")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.completeAccount(cmd, &w)
	w.flags(cmd)
	return cmd
}

// subjectName is the canonical name of an account, or what was given, which may
// be the subject of somebody else.
func subjectName(name string) string {
	if canonical, err := store.Canonical(name); err == nil {
		return canonical
	}
	return name
}

// completeAccount offers accounts for --account.
func (a *app) completeAccount(cmd *cobra.Command, w *where) {
	_ = cmd.RegisterFlagCompletionFunc("account", func(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return a.completePeople(w)(cmd, nil, prefix)
	})
}

// findSession finds a session by its ID.
func (r *records) findSession(ctx context.Context, id string) (store.Session, error) {
	s, err := r.Set.Sessions.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return s, fail(ExitProblems, fmt.Errorf("there is no session %q", explain.Visible(id)), `"gate401 session list --all" shows the ids`)
	}
	return s, storeError(err)
}

func (a *app) sessionShow() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one session",
		Example: "gate401 session show s_454af5873d85fd595c7e",
		Args:    wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			s, err := r.findSession(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			out := newSession(s, a.Now())
			if asJSON {
				return a.json(out)
			}
			a.print(a.sessionText(out))
			return nil
		},
		ValidArgsFunction: a.completeSessions(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) sessionText(s sessionRecord) string {
	now := a.Now()
	rows := [][2]string{{"id", s.ID}, {"state", s.State}, {"who", explain.Visible(s.Subject)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, explain.Visible(value)})
		}
	}
	at := func(name string, t *time.Time) {
		if t != nil {
			add(name, explain.Moment(*t)+" ("+ago(*t, now)+")")
		}
	}
	add("provider", s.Provider)
	add("display", s.Display)
	at("logged in", s.AuthTime)
	add("by", strings.Join(s.AMR, ", "))
	at("seen", s.Seen)
	at("ends if not used", s.Idle)
	at("ends", &s.Expires)
	at("revoked", s.Revoked)
	add("because", s.Cause)
	add("address", s.Address)
	add("agent", s.Agent)
	return a.style.Pairs("", rows)
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
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			var targets []store.Session
			fact := ""
			if len(args) == 1 {
				s, err := r.findSession(ctx, args[0])
				if err != nil {
					return err
				}
				targets, fact = []store.Session{s}, "revoked "+s.ID+" of "+explain.Visible(s.Subject)
				if !s.Revoked.IsZero() {
					fact = s.ID + " was revoked " + explain.Moment(s.Revoked)
				}
			} else if err := r.eachSession(ctx, subjectName(account), func(s store.Session) {
				if newSession(s, a.Now()).State == "active" {
					targets = append(targets, s)
				}
			}); err != nil {
				return storeError(err)
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
				return a.json(map[string]any{"revoked": revoked})
			}
			if fact == "" {
				fact = "revoked " + counted(len(revoked), "session", "sessions")
			}
			a.say("%s", fact)
			return nil
		},
		ValidArgsFunction: a.completeSessions(&w),
	}
	cmd.Flags().StringVar(&account, "account", "", "all those of this account: `NAME`")
	cmd.Flags().BoolVar(&all, "all", false, "all those of everyone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	exclusive(cmd, "account", "all")
	a.completeAccount(cmd, &w)
	w.flags(cmd)
	return cmd
}

// completeSessions offers the ids of sessions that are good.
func (a *app) completeSessions(w *where) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if len(args) == 0 {
			a.peek(cmd.Context(), *w, func(r *records) {
				_ = r.eachSession(cmd.Context(), "", func(s store.Session) {
					if strings.HasPrefix(s.ID, toComplete) && newSession(s, a.Now()).State == "active" {
						out = append(out, s.ID+"\t"+s.Subject)
					}
				})
			})
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
