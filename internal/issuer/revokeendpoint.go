package issuer

import (
	"net/http"
)

// RevocationEndpoint is the revocation endpoint (RFC 7009).
type RevocationEndpoint struct {
	Desk
}

// ServeHTTP answers a revocation request: 200 also for a token that nobody knows
// (RFC 7009 section 2.2), 503 where the revocation could not be stored.
func (e *RevocationEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	v, err := e.begin(w, hr)
	if err == nil {
		err = e.revoke(w, v)
	}
	e.answer(w, v, func() Response {
		answer := plain(http.StatusOK, nil)
		delete(answer.Header, "Content-Type")
		return answer
	}, err)
}

func (e *RevocationEndpoint) revoke(w http.ResponseWriter, v *visit) error {
	form, err := readForm(w, v.hr)
	if err != nil {
		return err
	}
	// token_type_hint may be anything: the form of a token tells its kind.
	if form.Get("token") == "" {
		return invalid("token is missing.")
	}
	if err := e.believe(v, form); err != nil {
		return err
	}
	ctx, cancel := lasting(v.hr)
	defer cancel()
	return e.Issuer.For(v.r).RevokeToken(ctx, form.Get("token"), v.client.ID)
}

var _ http.Handler = (*RevocationEndpoint)(nil)
