package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/internal/explain"
)

// wayIn tells of a server at which nobody can log in as the flags say.
func (f loginFlags) wayIn(s *oauth.Server) error {
	var err error
	switch {
	case f.credentials:
	case f.device && s.DeviceEndpoint == "":
		err = errors.New("the server has no device_authorization_endpoint")
	case !f.device && s.AuthorizationEndpoint == "":
		err = errors.New("the server has no authorization_endpoint, so nobody can log in with a browser")
	}
	if err == nil {
		return nil
	}
	return fail(ExitProblems, err, "a program can: --client-credentials; a gate401 logs people in once its file has a method of type session: browser: {type: session}")
}

// notGiven says which scopes were wanted and are not in the token: the API will
// refuse it, and another login would be no better.
func (a *app) notGiven(f loginFlags, place oauth.Place, e storage.Entry) {
	wanted, why := []string(f.scopes), ""
	if f.scopes == nil {
		wanted, why = place.Scopes, ", which the API asks for"
	}
	var missing []string
	for _, s := range wanted {
		if !slices.Contains(e.Scopes, s) {
			missing = append(missing, explain.Visible(s))
		}
	}
	if len(missing) == 0 {
		return
	}
	what, it := "scope ", "it"
	if len(missing) > 1 {
		what, it = "scopes ", "them"
	}
	id := explain.Visible(e.Client)
	a.say("note: the server did not give the %s%s%s", what, strings.Join(missing, " and "), why)
	a.say(`hint: either the client %s may not ask for %s (at a gate401, "gate401 client update %s --scope 'SCOPES'" changes that), or you do not have %s`, id, it, id, it)
}
