package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/internal/explain"
)

// revokeTimeout bounds what is asked of a server that may be gone.
const revokeTimeout = 15 * time.Second

func (a *app) logout() *cobra.Command {
	var store tokenStore
	var clientID string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "logout ISSUER|API-URL | --all",
		Short: "Revoke and forget the tokens of a login",
		Long: "Revokes the tokens at the server, if it has a way (RFC 7009), and forgets them here in any case. " +
			"The exit status is 1 if they are forgotten here and could not be revoked there.",
		Example: "gate401 logout https://idp.example.com",
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return wants(0, 0, "")(cmd, args)
			}
			return wants(1, 1, "the URL of the issuer or the API")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := store.open(a)
			if err != nil {
				return err
			}
			entries, err := s.List(cmd.Context())
			if err != nil {
				return storageError(err)
			}
			gone := []loggedOut{}
			for _, e := range entries {
				if (all || isAt(e, args[0])) && (clientID == "" || e.Client == clientID) {
					one, err := a.forget(cmd.Context(), s, e)
					if err != nil {
						return storageError(err)
					}
					gone = append(gone, one)
				}
			}
			if len(gone) == 0 && !all {
				return fail(ExitProblems, fmt.Errorf("nobody is logged in at %s", explain.Visible(args[0])), `"gate401 login --list" shows who is`)
			}
			return a.tellLogout(gone, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&clientID, "client-id", "", "only the logins of this client: `ID`")
	f.BoolVar(&all, "all", false, "every login that is stored")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	store.flags(cmd)
	return cmd
}

// loggedOut is what came of one login.
type loggedOut struct {
	Issuer  string `json:"issuer"`
	Client  string `json:"client_id"`
	Revoked bool   `json:"revoked"`
	Why     string `json:"why,omitempty"` // it was not revoked

	failed bool
}

// forget revokes and forgets a login, under its lock: a renewal in the middle
// would bring it back.
func (a *app) forget(ctx context.Context, s storage.Store, e storage.Entry) (loggedOut, error) {
	out := loggedOut{Issuer: e.Issuer, Client: e.Client}
	wait, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	unlock, err := s.Lock(wait, e.Key)
	if err != nil {
		return out, err
	}
	defer unlock()
	// It may have been renewed since it was listed.
	if e, err = s.Get(ctx, e.Key); err != nil {
		return out, err
	}
	c := oauth.Stored(e)
	c.HTTP, c.Now = &http.Client{Timeout: revokeTimeout}, a.Now
	err = c.Revoke(wait, oauth.Tokens{Access: e.Access, Refresh: e.Refresh})
	switch {
	case err == nil:
		out.Revoked = true
	case errors.Is(err, oauth.ErrNoRevocation):
		out.Why = err.Error()
	default:
		out.Why, out.failed = err.Error(), true
	}
	return out, s.Delete(ctx, e.Key)
}

func (a *app) tellLogout(gone []loggedOut, asJSON bool) error {
	var failed []string
	for _, one := range gone {
		if one.failed {
			failed = append(failed, one.Why)
		}
		if asJSON {
			continue
		}
		who := explain.Visible(one.Client) + " at " + explain.Visible(one.Issuer)
		if one.Revoked {
			a.say("logged out %s", who)
		} else {
			a.say("forgot %s; the tokens stay good until they end: %s", who, one.Why)
		}
	}
	if asJSON {
		if err := a.json(gone); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return found{}
	}
	return nil
}
