package account

import (
	"crypto/rand"
	"errors"
	"log/slog"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// guess is what the guard counts: a present password, or a code.
type guess struct {
	account string
	key     [32]byte
}

// Method returns "session": that is how the person is known.
func (g *guess) Method() string { return method }

// Account names whose password or code it is.
func (g *guess) Account() (string, bool) { return g.account, true }

// Key differs for every attempt: none is answered for another.
func (g *guess) Key() [32]byte { return g.key }

var _ gate401.Credential = (*guess)(nil)

// guess counts an attempt of who is logged in to prove the account, before it is
// verified: a session that was stolen must not be a place to guess the password.
// name is what it is counted by: the account's name, or session.CodesOf it.
func (h *Handler) guess(c *call, name string) (settle func(error), err error) {
	if h.Gate.Guard == nil {
		return nil, errors.New("the gate has no guard, so nothing that can be guessed is verified")
	}
	g := &guess{account: name}
	_, _ = rand.Read(g.key[:]) // never fails, see crypto/rand
	settle, err = h.Gate.Guard.Reserve(c.hr.Context(), c.r, g)
	var d *gate401.Denial
	if errors.As(err, &d) && d != nil {
		own := *d
		own.Subject = c.account.Name
		err = &own
	}
	return settle, err
}

// wrong is what came of an attempt that was not right.
func (h *Handler) wrong(c *call, code reason.Code, err error) error {
	if h.Log != nil {
		h.Log.Warn("wrong proof at the account page", slog.String("request_id", c.r.ID), slog.String("reason", string(code)), slog.String("subject", c.account.Name),
			slog.String("client", c.r.Client.String()))
	}
	return &gate401.Denial{Reason: code, Method: method, Subject: c.account.Name, Err: err}
}
