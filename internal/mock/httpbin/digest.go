package httpbin

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

func (h *Handler) digestAuth(w http.ResponseWriter, r *http.Request) {
	// go-httpbin knows no nonce that ends after a number of uses.
	if h.Strict || r.PathValue("stale_after") != "" {
		h.strictDigest(w, r)
		return
	}
	h.laxDigest(w, r)
}

// laxDigest answers like go-httpbin: the nonce was never handed out by anybody,
// and realm, algorithm and counter are what the client says they are.
func (h *Handler) laxDigest(w http.ResponseWriter, r *http.Request) {
	qop, algorithm := strings.ToLower(r.PathValue("qop")), strings.ToUpper(r.PathValue("algorithm"))
	if algorithm == "" {
		algorithm = string(httpauth.DigestMD5)
	}
	switch {
	case qop != string(httpauth.DigestAuth):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("invalid QOP directive: %q != \"auth\"", qop))
		return
	case algorithm != string(httpauth.DigestMD5) && algorithm != string(httpauth.DigestSHA256):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("invalid algorithm: %s must be one of MD5 or SHA-256", algorithm))
		return
	}
	user := r.PathValue("user")
	if !laxDigestRight(r, user, r.PathValue("password")) {
		var fresh [32]byte
		_, _ = rand.Read(fresh[:]) // never fails since Go 1.24
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Digest qop=auth, realm=%q, algorithm=%s, nonce=%s, opaque=%s",
			digestRealm, algorithm, hex.EncodeToString(fresh[:16]), hex.EncodeToString(fresh[16:])))
		refuse(w, http.StatusUnauthorized, "")
		return
	}
	writeJSON(w, http.StatusOK, authResult{Authenticated: true, Authorized: true, User: user})
}

func laxDigestRight(r *http.Request, user, password string) bool {
	value := r.Header.Get("Authorization")
	if !strings.HasPrefix(value, "Digest ") {
		return false
	}
	c, err := httpauth.ParseDigest(value, httpauth.Lenient)
	if err != nil || c.Username != user {
		return false
	}
	switch c.Algorithm.Canonical() {
	case httpauth.DigestMD5, httpauth.DigestSHA256:
	default:
		return false
	}
	// The target is the one that came, whatever the credentials say.
	c.URI = r.RequestURI
	return c.Matches(c.Compute(httpauth.DigestHA1(c.Algorithm, user, c.Realm, password), r.Method, c.Algorithm.Hash(nil)))
}
