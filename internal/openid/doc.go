// Package openid logs people in through other providers: it is an OpenID Connect
// relying party (OpenID Connect Core 1.0) with the authorization code flow, PKCE
// and nothing else.
//
// Start with a [Provider] for each of them and a [Handler], which answers below
// /auth/login/NAME; whoever a provider has vouched for is handed to
// [Handler.Admit]:
//
//	h := &openid.Handler{Gate: gate, Tickets: set.Tickets, Admit: login.Admit,
//		Providers: []*openid.Provider{{Name: "work", Issuer: "https://idp.example.com", ClientID: "gate"}}}
//	defer h.Close()
//
// A login is good once and in the browser that began it alone (RFC 9700 section
// 2.1). A provider is asked for the first time when somebody wants to log in with
// it, so that one which is away keeps nobody else out.
//
// It begins no sessions (package session does) and keeps no token of a provider,
// neither access nor refresh tokens: when the session of the gate is over, the
// person is sent to the provider again.
package openid
