package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// The fields of our forms.
const (
	fieldRequest = "request" // what is asked, as the address had it
	fieldBind    = "bind"    // to the session, and to what was shown
	fieldAnswer  = "answer"
	answerAllow  = "allow"
	answerCancel = "cancel"
)

// ask shows the page that asks the person.
func (v *visit) ask(a *issuer.Authorization, p *session.Person) {
	// What is asked now need not be asked again when the answer comes.
	request := a.Ask.LoggedIn(p.AuthTime)
	text := request.Values().Encode()
	bind, err := v.bind(p, "consent", append([]string{text}, v.shown(a, p)...))
	if err != nil {
		v.away(err)
		return
	}
	v.show(http.StatusOK, issuer.Source(a.Redirect), consentPage(v, question{a: a, p: p, request: text, bind: bind}))
}

// shown is all that the page tells: whatever of it changes, the person is asked
// anew.
func (v *visit) shown(a *issuer.Authorization, p *session.Person) []string {
	out := []string{name(a), p.Subject, p.Issuer}
	out = append(out, a.Of(p.Scopes)...)
	out = append(out, "")
	out = append(out, v.audience(a)...)
	out = append(out, "")
	return append(out, p.Groups...)
}

// bind makes the value that a form must bring back: it can be made only with the
// record of the session, so that a form from elsewhere, or one that was shown to
// another person, says nothing.
func (v *visit) bind(p *session.Person, kind string, parts []string) (string, error) {
	s, err := v.e.Sessions.Session(v.hr.Context(), p.Session)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, s.Hash[:])
	for _, part := range append([]string{"gate401 form", kind}, parts...) {
		// No encoded text holds this octet, so that nothing can be shifted from
		// one part to the next.
		mac.Write([]byte(strings.ReplaceAll(part, "\x00", "")))
		mac.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// foreign answers a form that comes from another site, and tells whether it did.
func (v *visit) foreign() bool {
	// The host as the browser sees it, which a proxy in front may have changed.
	err := new(http.CrossOriginProtection).Check(&http.Request{Method: v.r.Method, Header: v.r.Header, Host: v.r.URL.Host, URL: v.r.URL})
	if err == nil {
		return false
	}
	v.refused(reason.CSRFFailed, "", err)
	v.page(http.StatusForbidden, sorry{Title: "This form came from another site", Says: "Nothing was changed. Start over at the program that you came from.", Code: reason.CSRFFailed})
	return true
}

// decide takes the answer of the person.
func (v *visit) decide() {
	if v.only(http.MethodPost) || v.foreign() {
		return
	}
	form, ok := v.form(2 * issuer.MaxAsk)
	if !ok {
		return
	}
	values, err := url.ParseQuery(form.Get(fieldRequest))
	if err != nil {
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "The form was altered. Start over at the program that you came from."})
		return
	}
	// Everything is judged again: the form is only what the browser says.
	a, ok := v.judge(issuer.ReadAsk(values))
	if !ok {
		return
	}
	p, ok, answered := v.person()
	if answered {
		return
	}
	if !ok || !a.Ask.Fresh(p.AuthTime, v.e.now()) {
		v.anew(a)
		return
	}
	request := a.Ask.Values()
	want, err := v.bind(p, "consent", append([]string{request.Encode()}, v.shown(a, p)...))
	if err != nil {
		v.away(err)
		return
	}
	switch answer := form.Get(fieldAnswer); {
	case !hmac.Equal([]byte(want), []byte(form.Get(fieldBind))):
		// Somebody else logged in meanwhile, in another tab, or there is more to
		// allow than the page said.
		v.anew(a)
	case answer == answerCancel:
		// The page said where that leads.
		v.back(v.e.Issuer.Tell(a.Refuse("access_denied", "The person did not allow it.")))
	case answer == answerAllow:
		if err := v.remember(a, p); err != nil {
			v.away(err)
			return
		}
		v.grant(a, p)
	default:
		v.anew(a)
	}
}

// anew shows the person what is asked now.
func (v *visit) anew(a *issuer.Authorization) {
	http.Redirect(v.w, v.hr, v.e.prefix()+pathAuthorize+"?"+a.Ask.Values().Encode(), http.StatusSeeOther)
}

// remember keeps what was allowed, with what was allowed before.
func (v *visit) remember(a *issuer.Authorization, p *session.Person) error {
	ctx := v.hr.Context()
	c, err := v.e.Consents.Consent(ctx, p.Subject, p.Issuer, a.Client.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	c.Subject, c.Issuer, c.Client = p.Subject, p.Issuer, a.Client.ID
	c.Scopes = union(c.Scopes, a.Of(p.Scopes))
	c.Resources = union(c.Resources, v.audience(a))
	_, err = v.e.Consents.PutConsent(ctx, c)
	return err
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}
