package openid

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401/token"
)

// When the userinfo endpoint is asked (OpenID Connect Core 1.0 section 5.3).
const (
	// UserInfoAuto asks where the ID token has no name, or none of the claims that
	// GroupsFrom and Subject name.
	UserInfoAuto = ""
	// UserInfoAlways asks at each login, UserInfoNever at none.
	UserInfoAlways = "always"
	UserInfoNever  = "never"
)

// Provider is somebody else who vouches for people. Its fields are set before the
// first use and not changed after. Safe for concurrent use; do not copy it.
type Provider struct {
	// Name is part of its addresses and what sessions are told apart by.
	Name string
	// Label is what people are shown; empty for Name.
	Label string
	// Issuer is the exact iss of its tokens; its metadata are found from there
	// (OpenID Connect Discovery 1.0 section 4). Required.
	Issuer string
	// ClientID is who we are there. Required. ClientSecret proves it, empty for a
	// public client.
	ClientID, ClientSecret string
	// ClientAuth is how the secret is sent: "basic", "post", or empty for what the
	// metadata say (RFC 6749 section 2.3.1).
	ClientAuth string
	// Scopes are asked for; nil means openid, profile and email.
	Scopes []string
	// Subject is the claim that names people; empty for sub, which alone is
	// promised to stay the same and never to be given to somebody else (OpenID
	// Connect Core 1.0 section 5.7).
	Subject string
	// GroupsFrom are the claims that name groups, dots lead into objects; nil means
	// groups and roles.
	GroupsFrom []string
	// Groups turns their names into ours; those that it does not have are left out.
	// Nil takes names as they are.
	Groups map[string]string
	// OnlyGroups and OnlyEmails say who may log in: somebody in one of these groups
	// of ours, or with one of these addresses, of which "*@example.com" are all of
	// a domain. With neither everybody for whom the provider vouches.
	OnlyGroups, OnlyEmails []string
	// TrustEmail takes addresses for theirs that the provider does not say to have
	// verified.
	TrustEmail bool
	// AssumeFresh takes it that the provider asked for a proof when it was told to,
	// though it does not say so by auth_time.
	AssumeFresh bool
	// UserInfo says when the userinfo endpoint is asked.
	UserInfo string
	// Logout tells to log people out at the provider too, where it can.
	Logout bool
	// Transport does the requests; nil means one of our own. It is bounded either
	// way.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	once  sync.Once
	http  *http.Client
	keys  *token.RemoteKeys
	check *token.Verifier
	fault error
	own   *http.Transport // made here, to be closed here

	turn  chan struct{} // holds one, for whoever may fetch the metadata
	mu    sync.Mutex
	found *metadata
	at    time.Time // of found
	tried time.Time
	fails uint
	last  error
}

// DefaultScopes are asked for where a provider has none of its own.
func DefaultScopes() []string { return []string{"openid", "profile", "email"} }

func (p *Provider) setup() {
	p.http = p.client()
	p.turn = make(chan struct{}, 1)
	p.keys = &token.RemoteKeys{Issuer: p.Issuer, Client: p.http, Now: p.Now}
	// An ID token has no type of its own: what says to be something else, such as
	// an access token of the same issuer, is refused (RFC 8725 section 3.11).
	p.check, p.fault = token.New(token.Profile{
		Keys: p.keys, Issuer: p.Issuer, Audience: []string{p.ClientID}, Types: []string{"JWT", ""}, Now: p.Now,
	})
}

// Close ends what is under way.
func (p *Provider) Close() error {
	p.once.Do(p.setup)
	err := p.keys.Close()
	if p.own != nil {
		p.own.CloseIdleConnections()
	}
	return err
}

// Called is what people are shown.
func (p *Provider) Called() string {
	if p.Label != "" {
		return p.Label
	}
	return p.Name
}

func (p *Provider) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// oauth is the client at the provider, with redirect as where it sends people
// back.
func (p *Provider) oauth(m *metadata, redirect string) *oauth2.Config {
	scopes := p.Scopes
	if len(scopes) == 0 {
		scopes = DefaultScopes()
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: m.Authorization, TokenURL: m.Token, AuthStyle: p.style(m)},
	}
}
