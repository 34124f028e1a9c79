package login

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// ErrWrongCode says that a code is not that of the account, or was used before.
var ErrWrongCode = errors.New("the code is wrong or was used before")

// stepTime is how long somebody may take to find the phone.
const stepTime = 10 * time.Minute

// half is what was proved so far, in a ticket.
type half struct {
	Subject         string    `json:"subject"`
	Display         string    `json:"display,omitempty"`
	AuthTime        time.Time `json:"auth_time"`
	PasswordChanged time.Time `json:"password_changed"`
}

// askCode keeps what was proved and asks for the second factor. The ticket is
// bound to this browser by a cookie, so that nobody else can go on with it.
func (v *visit) askCode(proved session.Proved, p page) {
	secret, err := session.NewSecret(rand.Reader)
	if err != nil {
		v.refuse(err, p)
		return
	}
	data, err := json.Marshal(half{proved.Subject, proved.Display, proved.AuthTime, proved.PasswordChanged})
	if err != nil {
		v.refuse(err, p)
		return
	}
	hash, _ := hashOf(secret)
	ends := v.r.Time.Add(stepTime)
	ticket := store.Ticket{Kind: store.TicketLogin, Hash: hash, Subject: proved.Subject, Data: data, Expires: ends}
	if _, err := v.Tickets.CreateTicket(v.hr.Context(), ticket); err != nil {
		v.refuse(fmt.Errorf("keeping a login: %w", err), p)
		return
	}
	cookie, err := session.Cookie(v.r, session.LoginCookie, secret, ends)
	if err != nil {
		v.refuse(err, p)
		return
	}
	http.SetCookie(v.w, cookie)
	p.step, p.username = stepCode, ""
	if !v.r.PrefersPage() {
		v.refuse(&gate401.Denial{Reason: reason.AuthenticationTooWeak, Method: method, Subject: proved.Subject,
			Err: errors.New("the password was right, and the code of the second factor is to follow")}, p)
		return
	}
	// Not a refusal of anybody: half of it was right.
	v.render(http.StatusUnauthorized, p)
}

// secondStep takes a code of the app, or a recovery code.
func (v *visit) secondStep(form url.Values, p page) {
	p.username = ""
	code := strings.TrimSpace(form.Get("code"))
	if code == "" {
		code = strings.TrimSpace(form.Get("recovery"))
		p.recovery = form.Has("recovery")
	}
	hash, proved, err := v.half()
	if err != nil {
		p.again = true
		v.refuse(err, p)
		return
	}
	p.step = stepCode
	if code == "" || len(code) > maxName {
		p.missing = true
		v.refuse(&gate401.Denial{Reason: reason.CredentialsMissing, Subject: proved.Subject, Err: errors.New("the code was left empty or is too long")}, p)
		return
	}
	if v.Gate.Guard == nil || v.SecondFactor == nil {
		v.refuse(errors.New("no second factor can be checked"), p)
		return
	}
	g := newGuess(proved.Subject)
	g.account = session.CodesOf(proved.Subject)
	settle, err := v.Gate.Guard.Reserve(v.hr.Context(), v.r, g)
	if err != nil {
		var d *gate401.Denial
		if errors.As(err, &d) && d != nil {
			own := *d
			own.Subject = proved.Subject
			err = &own
		}
		v.refuse(named(err, proved.Subject), p)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.hr.Context()), proveTimeout)
	defer cancel()
	amr, err := v.SecondFactor.Check(ctx, proved.Subject, code)
	if errors.Is(err, ErrWrongCode) {
		err = &gate401.Denial{Reason: reason.OneTimeCodeWrong, Method: method, Subject: proved.Subject, Err: err}
	}
	settle(err)
	if err != nil {
		v.refuse(err, p)
		return
	}
	// Last: a wrong code leaves the ticket for another try. Of two that are right
	// at the same moment, one goes on.
	if err := v.Tickets.UseTicket(ctx, store.TicketLogin, hash, v.r.Time, nil, nil); err != nil {
		p = page{returnTo: p.returnTo, again: true}
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			err = &gate401.Denial{Reason: reason.SessionExpired, Method: method, Subject: proved.Subject, Err: errors.New("the login was completed already")}
		}
		v.refuse(err, p)
		return
	}
	proved.AMR = []string{"pwd", amr, "mfa"}
	v.admit(proved, p)
}

// half finds what this browser has proved so far.
func (v *visit) half() (hash [32]byte, proved session.Proved, err error) {
	over := func(why string) error {
		return &gate401.Denial{Reason: reason.SessionExpired, Method: method, Err: errors.New(why)}
	}
	secret, _ := session.CookieValue(v.r, session.LoginCookie)
	hash, ok := hashOf(secret)
	if !ok || v.Tickets == nil {
		return hash, proved, over("no login was begun in this browser")
	}
	t, err := v.Tickets.Ticket(v.hr.Context(), store.TicketLogin, hash)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return hash, proved, over("this login is not known")
	case err != nil:
		return hash, proved, fmt.Errorf("reading a login: %w", err)
	case !t.Used.IsZero() || !v.r.Time.Before(t.Expires):
		return hash, proved, over("this login was completed, or took too long")
	}
	var h half
	if err := json.Unmarshal(t.Data, &h); err != nil {
		return hash, proved, fmt.Errorf("reading a login: %w", err)
	}
	return hash, session.Proved{Subject: h.Subject, Display: h.Display, AuthTime: h.AuthTime, PasswordChanged: h.PasswordChanged}, nil
}
