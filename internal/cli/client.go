package cli

import (
	"context"
	"errors"
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
		ID: c.ID, Name: c.Name, State: active, Method: c.Method, Grants: orNone(c.Grants), RedirectURIs: orNone(c.RedirectURIs),
		Scopes: orNone(c.Scopes), Resources: orNone(c.Resources), Groups: orNone(c.Groups), Trusted: c.Trusted, Registered: c.Registered,
		KeysURL: c.KeysURL, HasKeys: len(c.Keys) > 0, Secrets: []clientSecret{}, Created: c.Created.UTC(),
	}
	if c.Suspended {
		out.State = "suspended"
	}
	for _, s := range c.Secrets {
		one := clientSecret{Hint: s.Hint, State: active, Created: s.Created.UTC(), Expires: moment(s.Expires)}
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
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			list := listing[clientRecord]{head: []string{"id", "state", "method", "created", "grants", "scopes", "name"}}
			for c, err := range r.clients(ctx) {
				if err != nil {
					return storeError(err)
				}
				out := newClientRecord(c, a.Now())
				list.add(out, explain.Visible(out.ID), out.State, out.Method, out.Created.Format(time.DateOnly), words(shortGrants(out.Grants)), words(out.Scopes), orDash(explain.Visible(out.Name)))
			}
			return list.print(a, asJSON, `there are no clients; "gate401 client add ID" makes one`)
		}),
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
	return show(a, &cobra.Command{Use: "show ID", Short: "Show one client with all that it may do", Example: "gate401 client show web"}, (*records).clientNames,
		func(ctx context.Context, r *records, id string) (clientRecord, error) {
			c, err := r.findClient(ctx, id)
			return newClientRecord(c, a.Now()), err
		}, a.showClient)
}

// showClient prints one client, a line for each thing that there is.
func (a *app) showClient(c clientRecord) {
	f := facts{app: a}
	f.add("id", c.ID)
	f.add("state", c.State)
	f.add("proves itself by", c.Method)
	f.add("created", explain.Moment(c.Created))
	f.add("name", c.Name)
	f.list("grants", shortGrants(c.Grants))
	for _, uri := range c.RedirectURIs {
		f.add("redirect URI", uri)
	}
	f.list("scopes", c.Scopes)
	f.list("resources", c.Resources)
	f.list("groups", c.Groups)
	f.add("keys from", c.KeysURL)
	if c.HasKeys {
		f.add("keys", "stored")
	}
	for _, s := range c.Secrets {
		until := "does not expire"
		switch {
		case s.State == "expired":
			until = "expired " + explain.Moment(*s.Expires)
		case s.Expires != nil:
			until = "ends " + explain.Moment(*s.Expires)
		}
		f.add("secret", s.Hint+"… made "+explain.Moment(s.Created)+", "+until)
	}
	switch {
	case c.Trusted:
		f.add("consent", "people are not asked")
	case c.Registered:
		f.add("consent", "people are asked; it registered itself")
	default:
		f.add("consent", "people are asked")
	}
	f.print()
}

// findClient finds a client by its ID.
func (r *records) findClient(ctx context.Context, id string) (store.Client, error) {
	c, err := r.Set.Clients.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return c, unknown("client", id, r.clientNames(ctx), "client list")
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

// hasSecret tells whether clients of that method have a secret.
func hasSecret(method string) bool { return method == issuer.AuthBasic || method == issuer.AuthPost }
