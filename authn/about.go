package authn

import (
	"errors"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/token"
)

// familyClaim names the login in an access token of the gate's own.
const familyClaim = "sid"

// refusedCredential is the operator's side of a refusal that knows which
// credential it is about: one of ours that was proved, and refused all the same.
// Whoever writes down the lives of credentials finds it with errors.As.
type refusedCredential struct {
	error
	object, family, client string
}

// Unwrap is the error that it was made of.
func (r *refusedCredential) Unwrap() error { return r.error }

// Refused is the public identifier of the credential, its login and the client
// that it was issued to, as far as it has them.
func (r *refusedCredential) Refused() (object, family, client string) {
	return r.object, r.family, r.client
}

// about lets a refusal know its credential; any other error stays as it is.
func about(err error, object, family, client string) error {
	var d *gate401.Denial
	if object == "" || !errors.As(err, &d) || d.Err == nil {
		return err
	}
	known := *d
	known.Err = &refusedCredential{d.Err, object, family, client}
	return &known
}

// aboutToken is about for a token that the gate issued itself. Without claims
// those are taken that the refusal has, which it has only if the signature was
// right: nothing unproven gets into anybody's history.
func (v *TokenVerifier) aboutToken(err error, claims *token.Claims) error {
	if err == nil || !v.Own {
		return err
	}
	if claims == nil {
		var judged *token.Error
		if !errors.As(err, &judged) || judged.Claims == nil {
			return err
		}
		claims, err = judged.Claims, denied(methodBearer, err)
	}
	family := ""
	if sid := claims.Strings(familyClaim); len(sid) == 1 {
		family = sid[0]
	}
	return about(err, claims.ID, family, claims.ClientID)
}
