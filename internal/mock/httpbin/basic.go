package httpbin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/gate401/gate401/httpauth"
)

// askBasic is the challenge of a 401. The strict one has the charset that RFC
// 7617 section 2.1 has for names and passwords that are not ASCII.
func (h *Handler) askBasic() string {
	if h.Strict {
		return httpauth.Basic(realm).String()
	}
	return httpauth.Challenge{Scheme: "Basic", Params: []httpauth.Param{{Name: "realm", Value: fakeRealm}}}.String()
}

func (h *Handler) basic(w http.ResponseWriter, r *http.Request) {
	given, ok := h.basicOf(r)
	h.private(w)
	status := http.StatusOK
	if !ok {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", h.askBasic())
	}
	writeJSON(w, status, authResult{Authenticated: ok, Authorized: ok, User: given})
}

func (h *Handler) hiddenBasic(w http.ResponseWriter, r *http.Request) {
	given, ok := h.basicOf(r)
	h.private(w)
	if !ok {
		refuse(w, http.StatusNotFound, "")
		return
	}
	writeJSON(w, http.StatusOK, authResult{Authenticated: true, Authorized: true, User: given})
}

// basicOf reads the credentials and compares them with those in the path.
func (h *Handler) basicOf(r *http.Request) (given string, ok bool) {
	user, password, _ := r.BasicAuth()
	if h.Strict {
		fields := r.Header.Values("Authorization")
		if len(fields) != 1 {
			return "", false
		}
		var err error
		if user, password, err = httpauth.ParseBasic(fields[0]); err != nil {
			return "", false
		}
	}
	// Both are always compared, so that the time does not tell which was wrong.
	same := equal(user, r.PathValue("user")) & equal(password, r.PathValue("password"))
	return user, same == 1
}

// equal compares without telling by its time how much was right, nor how long it
// is.
func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
