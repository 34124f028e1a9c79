package httpauth

import (
	"crypto/subtle"
	"fmt"
)

// DigestHA1 is what an account keeps of a password for Digest: the hash of user,
// realm and password with a colon between them (RFC 7616 section 3.4.2), without
// what "-sess" mixes in. It is as good as the password for that realm: keep it
// as secret.
func DigestHA1(a DigestAlgorithm, username, realm, password string) string {
	return a.join(username, realm, password)
}

// DigestUserHash is what a client sends instead of the user name where the
// challenge says userhash=true (RFC 7616 section 3.4.4).
func DigestUserHash(a DigestAlgorithm, username, realm string) string {
	return a.join(username, realm)
}

// Compute returns the response that belongs to the credentials (RFC 7616 section
// 3.4.1): all of their parameters but Response go in, ha1 is what [DigestHA1]
// returned, and bodyHash, which is read for auth-int alone, the algorithm's hash
// of the body as it was sent. Without QOP it is the response of RFC 2069. An
// unknown algorithm yields the empty text, which is never a response.
//
// With "-sess", nonce and cnonce are those of these credentials. A client that
// keeps its cnonce for as long as it keeps the nonce is right by every reading
// of section 3.4.2.
func (c DigestCredentials) Compute(ha1, method, bodyHash string) string {
	return c.compute(ha1, method, bodyHash)
}

// ComputeRspAuth returns the rspauth with which a server answers these
// credentials (RFC 7616 section 3.5); bodyHash is the hash of the body of its
// response, for auth-int.
func (c DigestCredentials) ComputeRspAuth(ha1, bodyHash string) string {
	return c.compute(ha1, "", bodyHash)
}

func (c DigestCredentials) compute(ha1, method, bodyHash string) string {
	a := c.Algorithm
	if a.Session() {
		ha1 = a.join(ha1, c.Nonce, c.CNonce)
	}
	var ha2 string
	if c.QOP.Is(DigestAuthInt) {
		ha2 = a.join(method, c.URI, bodyHash)
	} else {
		ha2 = a.join(method, c.URI)
	}
	if c.QOP == "" {
		return a.join(ha1, c.Nonce, ha2)
	}
	return a.join(ha1, c.Nonce, c.NC, c.CNonce, string(c.QOP), ha2)
}

// Matches compares Response with what Compute returned, in a time that does not
// depend on where they differ.
func (c DigestCredentials) Matches(computed string) bool {
	return computed != "" && subtle.ConstantTimeCompare([]byte(c.Response), []byte(computed)) == 1
}

// DigestAnswer is what a client answers a Digest challenge with.
type DigestAnswer struct {
	Username, Password string
	// HA1 is what DigestHA1 returned, instead of the password.
	HA1 string
	// Method and URI are those of the request: the URI is its request target
	// exactly as it stands in the request line (RFC 7616 section 3.4).
	Method, URI string
	// CNonce is a text of the client's own that nobody can foresee, of ASCII
	// without quote and backslash.
	CNonce string
	// Count says how many requests were sent with this nonce, this one included;
	// 0 means 1.
	Count uint32
	// QOP is the quality to use; empty means auth if the challenge offers it,
	// else auth-int, else that of RFC 2069.
	QOP DigestQOP
	// BodyHash is the algorithm's hash of the body, for auth-int; empty means
	// that there is no body.
	BodyHash string
}

// Answer computes the credentials that answer the challenge. The username is
// hashed if the challenge asks for that. An error is a *DigestError that names
// what the challenge or the answer lacks.
func (c DigestChallenge) Answer(a DigestAnswer) (DigestCredentials, error) {
	if !c.Algorithm.Known() {
		return DigestCredentials{}, &DigestError{IDDigestAlgorithmUnknown, "algorithm"}
	}
	qop, err := c.choose(a.QOP)
	if err != nil {
		return DigestCredentials{}, err
	}
	out := DigestCredentials{
		Username: a.Username, Realm: c.Realm, URI: a.URI, Nonce: c.Nonce, Opaque: c.Opaque,
		Algorithm: c.Algorithm, QOP: qop,
	}
	if c.UserHash {
		out.Username, out.UserHash = DigestUserHash(c.Algorithm, a.Username, c.Realm), true
	}
	if qop != "" || c.Algorithm.Session() {
		if a.CNonce == "" {
			return DigestCredentials{}, &DigestError{IDDigestIncomplete, "cnonce"}
		}
		out.CNonce = a.CNonce
	}
	if qop != "" {
		out.NC = FormatDigestCount(max(a.Count, 1))
	}
	ha1, body := a.HA1, a.BodyHash
	if ha1 == "" {
		ha1 = DigestHA1(c.Algorithm, a.Username, c.Realm, a.Password)
	}
	if body == "" && qop.Is(DigestAuthInt) {
		body = c.Algorithm.Hash(nil)
	}
	out.Response = out.Compute(ha1, a.Method, body)
	return out, nil
}

func (c DigestChallenge) choose(want DigestQOP) (DigestQOP, error) {
	if want == "" {
		want = DigestAuth
		if len(c.QOP) == 0 {
			return "", nil
		}
		if !c.Offers(DigestAuth) {
			want = DigestAuthInt
		}
	}
	for _, q := range c.QOP {
		if q.Is(want) {
			return q, nil
		}
	}
	return "", &DigestError{IDDigestQopUnknown, "qop"}
}

// FormatDigestCount writes a nonce count: nc=00000001 (RFC 7616 section 3.4).
func FormatDigestCount(n uint32) string { return fmt.Sprintf("%08x", n) }
