package openid

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// flowTime is how long somebody may take at the provider.
const flowTime = 10 * time.Minute

// stateSize is the length of a state: 256 random bits in base64url.
const stateSize = 43

// flow is a login that a provider is asked for, in a ticket by the hash of its
// state. Nothing in it is secret.
type flow struct {
	Provider string `json:"provider"`
	// Issuer and Client are what the provider of that name was when the login began:
	// the file may say something else by now.
	Issuer string `json:"issuer"`
	Client string `json:"client"`
	// Browser is the hash of the cookie of the browser that began it.
	Browser []byte `json:"browser"`
	// Return is where the person wanted to go, Redirect where the provider sends
	// the browser back to.
	Return   string `json:"return,omitempty"`
	Redirect string `json:"redirect"`
	// Again tells that the person was to prove anew who they are.
	Again bool      `json:"again,omitempty"`
	Began time.Time `json:"began"`
}

// Errors that say why an answer of a provider belongs to no login.
var (
	errUnknown = errors.New("no login is waiting for this state")
	errOver    = errors.New("the login was completed or given up already, or took too long")
	errBrowser = errors.New("the login was begun by another browser, or its cookie is gone")
)

// stateHash is what is stored of a state.
func stateHash(state string) [32]byte { return sha256.Sum256([]byte("provider " + state)) }

// browserHash is what is stored of the cookie of a browser.
func browserHash(secret string) []byte {
	sum := sha256.Sum256([]byte("provider browser " + secret))
	return sum[:]
}

// derived makes the secrets of a login out of the cookie of its browser: whoever
// reads the store, or steals an answer of the provider, does not have them, and
// several logins of one browser at the same time have secrets of their own.
func derived(secret, what, state string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(what + " " + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// verifierOf is the code verifier of a login (RFC 7636 section 4.1), nonceOf what
// binds its ID token to it.
func verifierOf(secret, state string) string { return derived(secret, "verifier", state) }
func nonceOf(secret, state string) string    { return derived(secret, "nonce", state) }

func (h *Handler) random() io.Reader {
	if h.Rand != nil {
		return h.Rand
	}
	return rand.Reader
}

// browser is the cookie that binds logins to the browser: the one that it has, so
// that those in other tabs go on, or a new one.
func (h *Handler) browser(r *gate401.Request) (secret string, cookie *http.Cookie, err error) {
	secret, _ = session.CookieValue(r, session.ProviderCookie)
	if _, ok := session.SecretHash(secret); !ok {
		if secret, err = session.NewSecret(h.random()); err != nil {
			return "", nil, err
		}
	}
	cookie, err = session.Cookie(r, session.ProviderCookie, secret, r.Time.Add(flowTime))
	return secret, cookie, err
}

// begin keeps a flow and returns its state.
func (h *Handler) begin(ctx context.Context, f flow) (state string, err error) {
	var bits [32]byte
	if _, err := io.ReadFull(h.random(), bits[:]); err != nil {
		return "", fmt.Errorf("making a state: %w", err)
	}
	state = base64.RawURLEncoding.EncodeToString(bits[:])
	data, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	ticket := store.Ticket{Kind: store.TicketLogin, Hash: stateHash(state), Data: data, Expires: f.Began.Add(flowTime)}
	if _, err := h.Tickets.CreateTicket(ctx, ticket); err != nil {
		return "", fmt.Errorf("keeping a login: %w", err)
	}
	return state, nil
}

// take finds the flow that an answer belongs to and uses it up: of any number of
// answers with one state, one is taken. secret is the cookie of the browser.
func (h *Handler) take(ctx context.Context, r *gate401.Request, p *Provider, state string) (f flow, secret string, err error) {
	if len(state) != stateSize {
		return flow{}, "", errUnknown
	}
	t, err := h.Tickets.Ticket(ctx, store.TicketLogin, stateHash(state))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return flow{}, "", errUnknown
	case err != nil:
		return flow{}, "", fmt.Errorf("reading a login: %w", err)
	}
	if err := json.Unmarshal(t.Data, &f); err != nil {
		return flow{}, "", fmt.Errorf("reading a login: %w", err)
	}
	secret, _ = session.CookieValue(r, session.ProviderCookie)
	if _, ok := session.SecretHash(secret); !ok || subtle.ConstantTimeCompare(browserHash(secret), f.Browser) != 1 {
		// Where somebody else wanted to go is theirs.
		return flow{}, "", errBrowser
	}
	if f.Provider == p.Name && (f.Issuer != p.Issuer || f.Client != p.ClientID) {
		// Else the one would be told the code of the other.
		return f, "", fmt.Errorf("%w: %s was another provider, or we another client, when it began", errUnknown, p.Name)
	}
	if f.Provider != p.Name {
		return f, "", fmt.Errorf("%w at %s: it was begun at %s", errUnknown, p.Name, f.Provider)
	}
	if !t.Used.IsZero() || !r.Time.Before(t.Expires) {
		return f, "", errOver
	}
	switch err := h.Tickets.UseTicket(ctx, store.TicketLogin, stateHash(state), r.Time, nil, nil); {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
		return f, "", errOver
	case err != nil:
		return f, "", fmt.Errorf("using up a login: %w", err)
	}
	return f, secret, nil
}
