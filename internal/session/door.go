package session

import (
	"context"
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
)

// Door is a manager for handlers that have an *http.Request.
type Door struct {
	// Manager has the sessions. Required.
	Manager *Manager
	// Intake reads requests as the gate does. Required.
	Intake *gate401.Intake
}

// Find is [Manager.Find]. A request that cannot be read in one way is refused
// with a *gate401.Denial.
func (d *Door) Find(ctx context.Context, hr *http.Request) (*Person, error) {
	r, err := d.Intake.Request(hr)
	if err != nil {
		return nil, err
	}
	return d.Manager.Find(ctx, r)
}

// Begin is [Manager.Begin].
func (d *Door) Begin(ctx context.Context, p Proved, hr *http.Request) (store.Session, *http.Cookie, error) {
	r, err := d.Intake.Request(hr)
	if err != nil {
		return store.Session{}, nil, err
	}
	return d.Manager.Begin(ctx, p, r)
}

// ClearCookie removes the session cookie from the browser that sent hr.
func (d *Door) ClearCookie(w http.ResponseWriter, hr *http.Request) {
	// One that cannot be read has a scheme and a host all the same.
	r, _ := d.Intake.Request(hr)
	http.SetCookie(w, ClearCookie(r, CookieName))
}
