package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// form shows the login page. Whoever is logged in is told so, or with again in the
// query asked to prove it again.
func (v *visit) form() {
	p := page{}
	p.returnTo, _ = returnto.Parse(v.hr.URL.Query().Get("return_to"))
	person, err := v.Sessions.Find(v.hr.Context(), v.r)
	switch {
	case err == nil:
		p.who = person.Display
	case !errors.Is(err, session.ErrNone):
		v.refuse(err, p)
		return
	}
	if p.who != "" && v.hr.URL.Query().Get("again") != "" {
		// Something wants a newer proof, or a stronger one, than the session has.
		p.who, p.confirm, p.anew = "", true, true
		p.why = "What you are about to open wants to be sure that it is you."
		if person.Issuer == "" {
			// The subject of a provider is no name to log in with here.
			p.username = person.Subject
		}
	}
	if p.who != "" && v.r.PrefersPage() {
		v.answer(v.w.Header())
		v.write(v.w, v.r, http.StatusOK, p)
		return
	}
	if v.r.PrefersPage() {
		v.render(http.StatusUnauthorized, p)
		return
	}
	v.refuse(&gate401.Denial{Reason: reason.SessionMissing, Method: method, Err: errors.New("the login page was asked for")}, p)
}

// Me is what /auth/me tells a page about whoever is logged in.
type Me struct {
	Subject  string   `json:"subject"`
	Issuer   string   `json:"issuer,omitempty"`
	Provider string   `json:"provider,omitempty"`
	Display  string   `json:"display"`
	Groups   []string `json:"groups"`
	Scopes   []string `json:"scopes"`
	// AuthTime is when the person proved who they are, by the means AMR (RFC
	// 8176), in seconds since the epoch, as in tokens.
	AuthTime int64    `json:"auth_time"`
	AMR      []string `json:"amr,omitempty"`
	// Session is the ID of the session. It ends at Expires, and at Idle if it is
	// not used until then.
	Session string `json:"session"`
	Expires int64  `json:"expires"`
	Idle    int64  `json:"idle"`
	// Login and Logout are where to go on.
	Login  string `json:"login"`
	Logout string `json:"logout"`
}

// me tells who is logged in: a page asks for it with fetch().
func (v *visit) me() {
	person, err := v.Sessions.Find(v.hr.Context(), v.r)
	if err != nil {
		to, _ := returnto.Of(v.r)
		v.refuse(absent(err), page{returnTo: to})
		return
	}
	h := v.w.Header()
	v.answer(h)
	h["Vary"] = []string{"Accept, Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest"}
	if v.r.PrefersPage() {
		p := page{login: v.Login, who: person.Display}
		v.send(v.w, http.StatusOK, mePage(p, person.Groups, person.Expires.UTC().Format("2 January 2006, 15:04 UTC")), web.Policy)
		return
	}
	body, err := json.Marshal(Me{
		Subject: person.Subject, Issuer: person.Issuer, Provider: person.Provider, Display: person.Display,
		Groups: list(person.Groups), Scopes: list(person.Scopes), AuthTime: person.AuthTime.Unix(), AMR: person.AMR,
		Session: person.Session, Expires: person.Expires.Unix(), Idle: person.Idle.Truncate(time.Second).Unix(),
		Login: v.prefix + "/login", Logout: v.prefix + "/logout",
	})
	if err != nil {
		v.refuse(err, page{})
		return
	}
	h["Content-Type"] = []string{"application/json"}
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(append(body, '\n'))
}

// absent is why nobody is logged in: the denial of the session, or that there is
// none.
func absent(err error) error {
	var d *gate401.Denial
	if errors.Is(err, session.ErrNone) && !errors.As(err, &d) {
		return &gate401.Denial{Reason: reason.SessionMissing, Method: method, Err: err}
	}
	return err
}

func list(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// methodNotAllowed answers a method that means nothing here.
func (v *visit) methodNotAllowed(allow string) {
	h := v.w.Header()
	v.answer(h)
	h["Allow"] = []string{allow}
	h["Content-Type"] = []string{"application/problem+json"}
	v.w.WriteHeader(http.StatusMethodNotAllowed)
	_, _ = v.w.Write([]byte(`{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Only ` +
		strings.ReplaceAll(allow, ", ", " and ") + ` are understood here."}` + "\n"))
}
