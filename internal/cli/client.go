package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

func (a *app) client() *cobra.Command {
	return a.group("client", "Add, list and change OAuth clients",
		"The programs that get tokens from this gate (RFC 6749 section 2): web applications, apps, command lines, machines.\n\n"+
			"A change counts at once, also for a gate that is running on the same store.",
		a.clientAdd(), a.clientList(), a.clientShow(), a.clientUpdate(), a.clientRotate(), a.clientSuspend(), a.clientResume(), a.clientRemove())
}

// clientRecord is a client as JSON: everything but the hashes.
type clientRecord struct {
	ID           string         `json:"client_id"`
	Name         string         `json:"name,omitempty"`
	State        string         `json:"state"`
	Method       string         `json:"method"`
	Grants       []string       `json:"grants"`
	RedirectURIs []string       `json:"redirect_uris"`
	Scopes       []string       `json:"scopes"`
	Resources    []string       `json:"resources"`
	Groups       []string       `json:"groups"`
	Trusted      bool           `json:"trusted"`
	Registered   bool           `json:"registered"`
	KeysURL      string         `json:"jwks_uri,omitempty"`
	HasKeys      bool           `json:"has_keys,omitempty"`
	Secrets      []clientSecret `json:"secrets"`
	Created      time.Time      `json:"created"`
	// Secret is there only when it was made just now.
	Secret string `json:"client_secret,omitempty"`
}

type clientSecret struct {
	Hint    string     `json:"hint"`
	State   string     `json:"state"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
}

func newClientRecord(c store.Client, now time.Time) clientRecord {
	out := clientRecord{
		ID: c.ID, Name: c.Name, State: "active", Method: c.Method, Grants: orNone(c.Grants), RedirectURIs: orNone(c.RedirectURIs),
		Scopes: orNone(c.Scopes), Resources: orNone(c.Resources), Groups: orNone(c.Groups), Trusted: c.Trusted, Registered: c.Registered,
		KeysURL: c.KeysURL, HasKeys: len(c.Keys) > 0, Secrets: []clientSecret{}, Created: c.Created.UTC(),
	}
	if c.Suspended {
		out.State = "suspended"
	}
	for _, s := range c.Secrets {
		one := clientSecret{Hint: s.Hint, State: "active", Created: s.Created.UTC(), Expires: moment(s.Expires)}
		if one.Expires != nil && !now.Before(s.Expires) {
			one.State = "expired"
		}
		out.Secrets = append(out.Secrets, one)
	}
	return out
}

// orNone is an empty list instead of none, for JSON.
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *app) clientList() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List clients",
		Example: "gate401 client list",
		Args:    wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			clients := []clientRecord{}
			var rows [][]string
			err = r.eachClient(cmd.Context(), func(c store.Client) {
				out := newClientRecord(c, a.Now())
				clients = append(clients, out)
				rows = append(rows, []string{
					explain.Visible(out.ID), out.State, out.Method, out.Created.Format(time.DateOnly), words(shortGrants(out.Grants)), words(out.Scopes), orDash(explain.Visible(out.Name)),
				})
			})
			if err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(clients)
			}
			if len(rows) == 0 {
				a.say(`there are no clients; "gate401 client add ID" makes one`)
			}
			a.print(a.table([]string{"id", "state", "method", "created", "grants", "scopes", "name"}, rows))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// shortGrants calls the grant with the long name by a short one.
func shortGrants(grants []string) []string {
	out := make([]string, len(grants))
	for i, g := range grants {
		out[i] = strings.TrimPrefix(g, "urn:ietf:params:oauth:grant-type:")
	}
	return out
}

func (a *app) clientShow() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one client with all that it may do",
		Example: "gate401 client show web",
		Args:    wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			c, err := r.findClient(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return a.json(newClientRecord(c, a.Now()))
			}
			a.print(a.clientText(newClientRecord(c, a.Now())))
			return nil
		},
		ValidArgsFunction: a.completeClients(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// clientText is one client, a line for each thing that there is.
func (a *app) clientText(c clientRecord) string {
	rows := [][2]string{{"id", explain.Visible(c.ID)}, {"state", c.State}, {"proves itself by", c.Method}, {"created", explain.Moment(c.Created)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, explain.Visible(value)})
		}
	}
	add("name", c.Name)
	add("grants", strings.Join(shortGrants(c.Grants), " "))
	for _, uri := range c.RedirectURIs {
		add("redirect URI", uri)
	}
	add("scopes", strings.Join(c.Scopes, " "))
	add("resources", strings.Join(c.Resources, " "))
	add("groups", strings.Join(c.Groups, " "))
	add("keys from", c.KeysURL)
	if c.HasKeys {
		add("keys", "stored")
	}
	for _, s := range c.Secrets {
		until := "does not expire"
		switch {
		case s.State == "expired":
			until = "expired " + explain.Moment(*s.Expires)
		case s.Expires != nil:
			until = "ends " + explain.Moment(*s.Expires)
		}
		add("secret", s.Hint+"… made "+explain.Moment(s.Created)+", "+until)
	}
	switch {
	case c.Trusted:
		add("consent", "people are not asked")
	case c.Registered:
		add("consent", "people are asked; it registered itself")
	default:
		add("consent", "people are asked")
	}
	return a.style.Pairs("", rows)
}

// eachClient goes through all clients.
func (r *records) eachClient(ctx context.Context, each func(store.Client)) error {
	for after := ""; ; {
		page, err := r.Set.Clients.ListClients(ctx, after, store.MaxPage)
		if err != nil {
			return err
		}
		for _, c := range page {
			each(c)
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// findClient finds a client by its ID.
func (r *records) findClient(ctx context.Context, id string) (store.Client, error) {
	c, err := r.Set.Clients.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		hint := `"gate401 client list" lists them all`
		if meant := closest(id, r.clients(ctx, "")); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		return c, fail(ExitProblems, fmt.Errorf("there is no client %q", explain.Visible(id)), hint)
	}
	return c, storeError(err)
}

// changeClient reads a client, changes it and writes it back.
func (r *records) changeClient(ctx context.Context, id string, edit func(*store.Client) error) (store.Client, error) {
	for try := 1; ; try++ {
		c, err := r.findClient(ctx, id)
		if err != nil {
			return c, err
		}
		if err := edit(&c); err != nil {
			return c, err
		}
		c, err = r.Set.Clients.UpdateClient(ctx, c)
		if err == nil || !errors.Is(err, store.ErrConflict) || try == attempts {
			return c, storeError(err)
		}
	}
}

// clients lists the ids that begin with prefix, as many as a shell can show.
func (r *records) clients(ctx context.Context, prefix string) []string {
	page, err := r.Set.Clients.ListClients(ctx, "", store.MaxPage)
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range page {
		if strings.HasPrefix(c.ID, prefix) {
			out = append(out, c.ID)
		}
	}
	return out
}

// completeClients offers the ids of clients, without making a store.
func (a *app) completeClients(w *where) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if len(args) == 0 {
			a.peek(cmd.Context(), *w, func(r *records) { out = r.clients(cmd.Context(), toComplete) })
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// hasSecret tells whether clients of that method have a secret.
func hasSecret(method string) bool { return method == issuer.AuthBasic || method == issuer.AuthPost }
