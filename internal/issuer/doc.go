// Package issuer is the core of the gate's authorization server: OAuth 2.1 in the
// profile of RFC 9700, and OpenID Connect.
//
// Start with [Issuer], whose methods decide and change the store: Authorize and
// IssueCode for browsers, RedeemCode, Redeem, ClientCredentials and RedeemDevice
// for tokens, RevokeToken, Introspect and Register. [TokenEndpoint] and its
// sisters, each a [Desk], give them their form on HTTP.
//
// A refusal is a *gate401.Denial with its reason, or a *FormError with a code of
// RFC 6749 section 5.2; any other error means that it could not be done, and
// answers 503: a client that were told invalid_grant because our database is
// away would throw a good login away.
//
// It knows no passwords, keeps no cookie and shows no page: who is there, and what
// they allow, others find out. Package internal/consent asks them.
package issuer
