// Package httpauth reads and writes the fields of HTTP authentication:
// WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization,
// Authentication-Info and Proxy-Authentication-Info (RFC 9110 section 11),
// with the field forms of Basic (RFC 7617), Bearer (RFC 6750) and Digest (RFC
// 7616).
//
// Start with [ParseChallenges] for what a server sent and
// [ParseAuthorization] for what a client sent. [Challenge.String] writes a
// challenge; [Basic] and [Bearer] build the common ones. A server that only
// wants the credential calls [ParseBasic], [BearerToken] or [ParseDigest]; a
// client answers Digest with [ParseDigestChallenge] and [DigestChallenge.Answer].
//
// # Strict and lenient
//
// Both modes read the same way and report the same findings. [Strict], the
// zero Mode, hands out no challenge unless every field follows the grammar.
// [Lenient] hands out what could be read: a field that cannot be read at all is
// left out, the others stay. Every divergence is a [Finding] with a stable id,
// its offset and the section of the specification; [Findings] lists all ids.
//
// # Notable choices
//
//   - An unterminated quoted-string is never repaired: nobody knows where it ends.
//   - A parameter given twice is an error (RFC 9110 section 11.2); Lenient keeps the first.
//   - Percent escapes, RFC 2047 and single quotes mean nothing in a value and stay as they are.
//   - [BearerToken] wants exactly one SP after the scheme, where RFC 6750
//     section 2.1 allows several: what a lax reader in front of or behind us
//     might read differently is refused.
//   - Values are octets. What is not ASCII is handed out as it came.
//
// # What it does not do
//
// It computes what a Digest response has to be, and verifies nothing else: it
// does not judge whether a credential is good, and knows no nonces. It does not
// split messages into fields: it wants field values as net/http gives them.
package httpauth
