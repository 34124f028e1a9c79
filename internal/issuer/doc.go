// Package issuer issues access tokens with refresh tokens, exchanges the latter,
// and revokes both: the core of an OAuth 2.1 server in the profile of RFC 9700,
// without any login of its own.
//
// Start with [Issuer], whose Login, Redeem, RevokeToken and Check decide and
// change the store, and with [TokenEndpoint] and [RevocationEndpoint], which
// give it the form of RFC 6749 and RFC 7009 on HTTP.
//
// A refusal is a *gate401.Denial with its reason; any other error means that it
// could not be done, and answers 503: a client that were told invalid_grant
// because our database is away would throw a good login away.
//
// It knows no people and no passwords, shows no page, and has the grant
// refresh_token alone.
package issuer
