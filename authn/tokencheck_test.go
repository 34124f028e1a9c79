package authn_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// The last word about a good token is somebody else's: asked once while nothing
// changes, at once when something does, and never about a token that is bad.
func TestTokenCheck(t *testing.T) {
	idp := newIssuer(t, partner, "ES256")
	var asked, epoch atomic.Uint64
	var says error
	v := idp.verifier(t, nil)
	v.Epoch = epoch.Load
	v.Check = func(_ context.Context, c *token.Claims) error {
		asked.Add(1)
		if c.ID != "token-1" || c.Subject != "alice" {
			t.Errorf("asked about %q of %q", c.ID, c.Subject)
		}
		return says
	}
	bearer := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{v}}
	good := request("/", "Authorization", "Bearer "+idp.token(t, nil))
	expired := request("/", "Authorization", "Bearer "+idp.token(t, claims{"exp": noon.Add(-time.Hour).Unix()}))
	revoked := &gate401.Denial{Reason: reason.TokenRevoked}
	for _, step := range []struct {
		name    string
		request *gate401.Request
		says    error
		moved   bool
		want    reason.Code
		asked   uint64
	}{
		{"good", good, nil, false, "", 1},
		{"remembered", good, revoked, false, "", 1},
		{"revoked since", good, revoked, true, reason.TokenRevoked, 2},
		// A refusal that the check made is not remembered.
		{"good again", good, nil, false, "", 3},
		{"cannot tell", good, errors.New("the store is away"), true, reason.CheckFailed, 4},
		{"expired", expired, nil, false, reason.TokenExpired, 4},
	} {
		says = step.says
		if step.moved {
			epoch.Add(1)
		}
		wantReason(t, decide(t, step.request, bearer), step.want)
		if asked.Load() != step.asked {
			t.Errorf("%s: asked %d times, want %d", step.name, asked.Load(), step.asked)
		}
	}
}

// A method that remembers nothing judges every time.
func TestRememberNothing(t *testing.T) {
	idp := newIssuer(t, partner, "ES256")
	bearer := &authn.Bearer{Realm: "orders", Remember: -1, RememberRefused: -1, Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}}
	for _, test := range []struct {
		text string
		want reason.Code
	}{
		{idp.token(t, nil), ""},
		{idp.token(t, claims{"aud": "others"}), reason.TokenAudienceWrong},
	} {
		before := idp.asks.Load()
		for range 3 {
			wantReason(t, decide(t, request("/", "Authorization", "Bearer "+test.text), bearer), test.want)
		}
		if n := idp.asks.Load() - before; n != 3 {
			t.Errorf("verified %d times, want 3", n)
		}
	}
}
