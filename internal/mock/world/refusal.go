package world

import (
	"errors"
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// refusal is what a command said of the next requests with good credentials.
type refusal struct {
	times int
	code  reason.Code
}

// refuses counts a request with good credentials, and refuses it where the
// script says so.
func (l *life) refuses(id *gate401.Identity, method string) error {
	l.mu.Lock()
	l.requests++
	r, n := l.settings.Resource, l.requests
	code := reason.Code("")
	switch {
	case l.refuse.times > 0:
		l.refuse.times--
		code = l.refuse.code
	case n <= r.First, r.Every > 0 && n%r.Every == 0:
		code = r.Reason
		if code == "" {
			code = reason.TokenExpired
		}
	}
	l.mu.Unlock()
	if code == "" {
		return nil
	}
	if code == reason.CheckFailed {
		return errors.New("the script says that it could not be checked")
	}
	d := &gate401.Denial{Reason: code, Method: method, Subject: id.Subject, Err: errors.New("the script says so")}
	switch {
	case code == reason.ScopeInsufficient:
		d.Scope = []string{"orders:admin"}
	case code.Info().Status == http.StatusTooManyRequests:
		d.Header = http.Header{"Retry-After": {"1"}}
	}
	return d
}
