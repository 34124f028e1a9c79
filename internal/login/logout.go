package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// askLogout shows the question: a link that logs out at once would be one that any
// page can put into an image.
func (v *visit) askLogout() {
	p := page{login: v.Login}
	p.returnTo, _ = returnto.Parse(v.hr.URL.Query().Get("return_to"))
	s, err := v.Sessions.Of(v.hr.Context(), v.r)
	switch {
	case err == nil:
		p.who = session.Named(s)
	case !errors.Is(err, session.ErrNone):
		v.refuse(err, p)
		return
	}
	v.answer(v.w.Header())
	v.send(v.w, http.StatusOK, logoutPage(p), web.Policy)
}

// logout ends this session, or everything that the person holds, and says so once
// that is stored.
func (v *visit) logout() {
	if err := v.forged(); err != nil {
		// Whoever is logged in still is, and reads so.
		p := page{login: v.Login}
		if s, ofErr := v.Sessions.Of(v.hr.Context(), v.r); ofErr == nil && v.Sessions.Good(s, v.r.Time) {
			p.who = session.Named(s)
		}
		v.refuse(&gate401.Denial{Reason: reason.CSRFFailed, Method: method, Err: err}, p)
		return
	}
	form := url.Values{}
	if v.hr.ContentLength != 0 {
		var err error
		if form, err = v.values(); err != nil {
			v.refuse(err, page{})
			return
		}
	}
	p := page{login: v.Login}
	to, back := returnto.Parse(form.Get("return_to"))
	p.returnTo = to
	everywhere := form.Get("everywhere") != ""
	ctx := v.hr.Context()
	s, err := v.Sessions.Of(ctx, v.r)
	known := err == nil
	proved := known && v.Sessions.Good(s, v.r.Time)
	switch {
	case errors.Is(err, session.ErrNone):
		err = nil
	case err != nil:
	case everywhere && proved:
		err = v.Sessions.EndAll(ctx, s.Subject, s.Issuer, "logged out everywhere")
	case known:
		err = v.Sessions.End(ctx, s.ID, "logged out")
	}
	if err != nil && !errors.Is(err, session.ErrNone) {
		// It is confirmed only once it is stored.
		v.refuse(err, p)
		return
	}
	h := v.w.Header()
	v.answer(h)
	// What the site has put into the browser goes too. Not "cookies": those of
	// others on the same registrable domain are theirs (Clear Site Data section
	// 3.1), ours go by their names.
	h["Clear-Site-Data"] = []string{`"cache", "storage"`}
	http.SetCookie(v.w, session.ClearCookie(v.r, session.CookieName))
	http.SetCookie(v.w, session.ClearCookie(v.r, session.LoginCookie))
	if everywhere && !proved {
		// A cookie that is over ends nobody's sessions elsewhere, and nobody is told
		// that it did.
		v.Ask(v.w, v.hr, Ask{ReturnTo: v.Account, Why: "This browser is logged out. To log out everywhere, log in first: your account has a button for it."})
		return
	}
	beyond, with, further := "", "", false
	if v.Beyond != nil && s.Issuer != "" && v.r.PrefersPage() {
		beyond, with, further = v.Beyond(v.r, v.hr, s)
	}
	switch {
	case further:
		// Not a redirect, which browsers hold against form-action.
		h["Refresh"] = []string{"0; url=" + beyond}
		v.send(v.w, http.StatusOK, furtherPage(p, beyond, with), web.Policy)
	case back:
		h.Set("Location", v.after(to))
		v.w.WriteHeader(http.StatusSeeOther)
	case v.r.PrefersPage():
		v.send(v.w, http.StatusOK, goodbyePage(p, everywhere), web.Policy)
	default:
		v.w.WriteHeader(http.StatusNoContent)
	}
}
