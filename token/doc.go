// Package token reads, verifies and makes the tokens of the gate: signed JSON
// Web Tokens (RFC 7519 in the compact form of RFC 7515), the key sets that
// verify them (RFC 7517), and API keys.
//
// Start with [New], which compiles a [Profile] (whose tokens, for whom, signed
// how) into a [Verifier], and with [Verifier.Verify]:
//
//	keys := &token.RemoteKeys{Issuer: "https://idp.example.com"}
//	defer keys.Close()
//	verifier, err := token.New(token.Profile{
//		Keys:     keys,
//		Issuer:   "https://idp.example.com",
//		Audience: []string{"orders"},
//	})
//	claims, err := verifier.Verify(ctx, text)
//
// # Three kinds of answer
//
// Claims and no error: the token is good. A *[Error]: the token is refused, for
// the reason of the catalogue that it names. Any other error: nobody could say,
// because the keys are out of reach; a caller must not turn that into a 401.
//
// # The order of the checks
//
// Cheap ones first, and nothing that a token says about itself is believed
// before its signature was verified, its issuer excepted (it chooses the keys):
//
//	shape -> algorithm -> issuer -> key -> signature -> type, exp, nbf, iat, aud
//
// # Keys
//
// A [KeySet] is fixed, [FileKeys] follows a file, [RemoteKeys] follows a URL or
// an issuer's metadata. Keys never come from the token itself: jwk, jku, x5c
// and x5u in a header are not read (RFC 8725 section 3.10).
//
// # Making tokens
//
// [GenerateKey] makes a [SigningKey]; [SigningKey.Issue] makes access tokens of
// the shape of RFC 9068. [NewAPIKey] and [ParseAPIKey] know the format of API
// keys. [Decode] takes any text apart without believing it, for people who look
// at a token that does not work.
//
// # What it does not do
//
// It stores nothing, revokes nothing and asks no introspection endpoint; it
// does not read encrypted tokens (RFC 7516), unsecured ones ("alg":"none"), the
// JSON serialisations of RFC 7515, or detached payloads (RFC 7797).
package token
