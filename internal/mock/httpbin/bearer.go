package httpbin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

type bearerResult struct {
	Authenticated bool   `json:"authenticated"`
	Token         string `json:"token"`
}

// bearer takes any token.
func (h *Handler) bearer(w http.ResponseWriter, r *http.Request) {
	h.private(w)
	var token string
	if h.Strict {
		var err error
		if token, err = strictBearer(r); err != nil {
			h.askBearer(w, err)
			return
		}
	} else {
		words := strings.Fields(r.Header.Get("Authorization"))
		if len(words) != 2 || words[0] != "Bearer" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "")
			return
		}
		token = words[1]
	}
	writeJSON(w, http.StatusOK, bearerResult{true, token})
}

// errNoToken tells that nothing was sent, and errSyntax that it cannot be read.
var (
	errNoToken = errors.New("no bearer token was sent")
	errSyntax  = errors.New("the Authorization field cannot be read as a bearer token")
	errToken   = errors.New("the token is another one")
)

// bearerToken takes one token, which go-httpbin cannot do.
func (h *Handler) bearerToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	token, err := strictBearer(r)
	if err == nil && equal(token, r.PathValue("token")) != 1 {
		err = errToken
	}
	if err != nil {
		h.askBearer(w, err)
		return
	}
	writeJSON(w, http.StatusOK, bearerResult{true, token})
}

func strictBearer(r *http.Request) (string, error) {
	fields := r.Header.Values("Authorization")
	switch {
	case len(fields) == 0:
		return "", errNoToken
	case len(fields) > 1:
		return "", errSyntax
	}
	token, err := httpauth.BearerToken(fields[0])
	switch {
	case errors.Is(err, httpauth.ErrOtherScheme):
		return "", errNoToken
	case err != nil:
		return "", errSyntax
	}
	return token, nil
}

// askBearer answers as RFC 6750 section 3.1 says: an error code only for who sent
// a token.
func (h *Handler) askBearer(w http.ResponseWriter, err error) {
	status := http.StatusUnauthorized
	c := httpauth.Bearer(realm)
	switch {
	case errors.Is(err, errSyntax):
		status = http.StatusBadRequest
		c = httpauth.Bearer(realm, httpauth.Param{Name: "error", Value: "invalid_request"}, httpauth.Param{Name: "error_description", Value: err.Error()})
	case errors.Is(err, errToken):
		c = httpauth.Bearer(realm, httpauth.Param{Name: "error", Value: "invalid_token"}, httpauth.Param{Name: "error_description", Value: err.Error()})
	}
	w.Header().Set("WWW-Authenticate", c.String())
	refuse(w, status, err.Error())
}
