package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/loopback"
)

// tokenStore says where logins are kept.
type tokenStore struct{ kind, file string }

var storeKinds = []string{"file", "keyring", "memory"}

func (s *tokenStore) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.kind, "store", "", "`KIND` of place where logins are kept: file, keyring or memory; else GATE401_STORE, else file")
	f.StringVar(&s.file, "store-file", "", "the `FILE` for --store file; else GATE401_STORE_FILE, else tokens.json in your folder for configuration")
	_ = cmd.MarkFlagFilename("store-file", "json")
	_ = cmd.RegisterFlagCompletionFunc("store", cobra.FixedCompletions(storeKinds, cobra.ShellCompDirectiveNoFileComp))
}

// open opens the store.
func (s tokenStore) open(a *app) (storage.Store, error) {
	file := cmp.Or(s.file, a.Env("GATE401_STORE_FILE"))
	switch kind := cmp.Or(s.kind, a.Env("GATE401_STORE"), "file"); kind {
	case "file":
		f, err := storage.NewFile(file)
		return f, storageError(err)
	case "keyring":
		k, err := storage.NewKeyring("")
		return k, storageError(err)
	case "memory":
		return &storage.Memory{}, nil
	default:
		hint := "file, keyring or memory"
		if meant := closest(kind, storeKinds); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		return nil, usagef(hint, "--store: there is no store %q", kind)
	}
}

// storageError adds what would help.
func storageError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrUnavailable):
		return fail(ExitUntested, err, "--store file keeps logins in a file that only you can read")
	case errors.Is(err, storage.ErrTooLarge):
		return fail(ExitProblems, err, "--store file has room for more")
	}
	return fail(ExitProblems, fmt.Errorf("the store of logins: %w", err))
}

// storedLogins are what "gate401 login" stored, for a client: where several are
// good at one origin the nearest first, and of those the newest. Where nobody ever logged in, nothing is
// made. Those for plain http elsewhere are among them with cleartext, and at the
// target, where the client says why it refuses.
func (a *app) storedLogins(ctx context.Context, target *url.URL, cleartext bool) ([]client.Login, error) {
	store := tokenStore{}
	if cmp.Or(a.Env("GATE401_STORE"), "file") == "file" {
		file := a.Env("GATE401_STORE_FILE")
		if file == "" {
			var err error
			if file, err = storage.DefaultFile(); err != nil {
				return nil, nil //nolint:nilerr // no home, no logins
			}
		}
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	s, err := store.open(a)
	if err != nil {
		return nil, err
	}
	entries, err := s.List(ctx)
	if err != nil {
		return nil, storageError(err)
	}
	slices.SortStableFunc(entries, func(x, y storage.Entry) int {
		return cmp.Or(cmp.Compare(nearness(y, target), nearness(x, target)), y.Obtained.Compare(x.Obtained))
	})
	var out []client.Login
	for _, e := range entries {
		all := len(e.Origins)
		origins := slices.DeleteFunc(e.Origins, func(o string) bool { return !isOrigin(o) })
		if len(origins) < all {
			// The address is not repeated: it may hold a password.
			issuer := explain.Visible(e.Issuer)
			a.say(`hint: a stored login of %s is left out at one of its addresses, which is no scheme, host and port; "gate401 logout %s" removes it`, issuer, issuer)
		}
		origins = slices.DeleteFunc(origins, func(o string) bool { return !cleartext && inClear(o) && !isAtOrigin(target, o) })
		if len(origins) > 0 {
			out = append(out, client.Login{
				Origins: origins, DangerouslyAllowCleartext: cleartext, Source: &oauth.Source{Store: s, Key: e.Key, Now: a.Now},
			})
		}
	}
	return out, nil
}

// isOrigin tells whether a client can be bound to that address at all. One that
// was damaged in the store, or written there by hand, must not be in the way of the
// others.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		(u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}

// inClear tells whether everybody on the way to an origin can read what is sent. A
// client refuses to work at all with a login for one, which must not be in the way
// of others.
func inClear(origin string) bool {
	u, err := url.Parse(origin)
	return err != nil || u.Scheme != "https" && !loopback.Stays(u.Hostname())
}

func isAtOrigin(u *url.URL, origin string) bool {
	return strings.EqualFold(u.Scheme+"://"+u.Host, origin)
}

// storedLogin is a login as JSON, without its secrets.
type storedLogin struct {
	Issuer    string     `json:"issuer"`
	Client    string     `json:"client_id"`
	Audience  string     `json:"audience,omitempty"`
	Host      string     `json:"host,omitempty"`
	Origins   []string   `json:"origins"`
	Scopes    []string   `json:"scopes"`
	Obtained  *time.Time `json:"obtained,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"`
	State     string     `json:"state"`
	Renewable bool       `json:"renewable"`
}

func newStoredLogin(e storage.Entry, now time.Time) storedLogin {
	out := storedLogin{
		Issuer: e.Issuer, Client: e.Client, Audience: e.Audience, Host: e.Host, Origins: e.Origins, Scopes: e.Scopes,
		Obtained: moment(e.Obtained), Expires: moment(e.Expiry), State: "active", Renewable: e.Refresh != "" || e.Renewal.Grant != "",
	}
	switch {
	case e.Expiry.IsZero() || now.Before(e.Expiry):
	case out.Renewable:
		out.State = "to be renewed"
	default:
		out.State = "expired"
	}
	if out.Origins == nil {
		out.Origins = []string{}
	}
	if out.Scopes == nil {
		out.Scopes = []string{}
	}
	return out
}

// isAt tells whether a login is meant by the URL of its issuer or of its API.
func isAt(e storage.Entry, url string) bool {
	bare := strings.TrimSuffix(url, "/")
	if strings.TrimSuffix(e.Issuer, "/") == bare {
		return true
	}
	return slices.ContainsFunc(e.Origins, func(o string) bool { return bare == o || strings.HasPrefix(bare, o+"/") })
}
