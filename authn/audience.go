package authn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// Audience is whom tokens must be for, where a token may also be for a part of
// the gate alone (RFC 8707).
type Audience struct {
	// Names are those of the whole gate; a token for one of them is good
	// everywhere.
	Names []string
	// Origin is where clients reach the gate: scheme and host, no slash at its
	// end. A token for a URL there is good for that URL and what is below it.
	Origin string
	// AnyPart says that a token for a URL there is good wherever a request goes, as
	// it is where all that is for the gate is meant.
	AnyPart bool
}

// check refuses a token that is for nobody here.
func (a *Audience) check(claims *token.Claims) error {
	if a.whole(claims) || len(a.paths(claims)) > 0 {
		return nil
	}
	// Clipped: whoever made the token wrote it.
	said := make([]string, 0, len(claims.Audience))
	for _, aud := range claims.Audience {
		if len(said) == 5 {
			said = append(said, "...")
			break
		}
		said = append(said, clip(aud))
	}
	return deny(methodBearer, reason.TokenAudienceWrong, claims.Subject,
		fmt.Errorf("audience is %q, expected one of %q, or a URL at %s", said, a.Names, a.Origin))
}

// whole tells whether a token is for all of the gate.
func (a *Audience) whole(claims *token.Claims) bool {
	return slices.ContainsFunc(claims.Audience, func(aud string) bool { return slices.Contains(a.Names, aud) })
}

// paths are those that a token is for, as the gate judges paths.
func (a *Audience) paths(claims *token.Claims) (paths []string) {
	for _, aud := range claims.Audience {
		rest, ok := strings.CutPrefix(aud, a.Origin)
		if !ok || a.Origin == "" || len(paths) == maxPaths {
			continue
		}
		// Rules judge paths, so that the query of a resource narrows nothing.
		rest, _, _ = strings.Cut(rest, "?")
		if rest == "" {
			rest = "/"
		}
		// What does not go on like a path may be another host.
		if path, err := gate401.CanonicalPath(rest); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// maxPaths bounds what is looked at for each request.
const maxPaths = 16
