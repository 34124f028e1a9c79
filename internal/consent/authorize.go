package consent

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// authorize answers the authorization endpoint (RFC 6749 section 3.1).
func (v *visit) authorize() {
	if v.only(http.MethodGet, http.MethodPost) {
		return
	}
	if v.hr.Method == http.MethodPost {
		v.turn()
		return
	}
	values, err := url.ParseQuery(v.hr.URL.RawQuery)
	if err != nil {
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "The address is not encoded as a form is. The program that sent you here has to be corrected."})
		return
	}
	a, ok := v.judge(issuer.ReadAsk(values))
	if !ok {
		return
	}
	p, ok, answered := v.personFor(a)
	if answered {
		return
	}
	now := v.e.now()
	if !ok || !a.Ask.Fresh(p.AuthTime, now) {
		v.login(a, ok)
		return
	}
	if len(a.Ask.Scopes) > 0 && len(a.Of(p.Scopes)) == 0 {
		v.tell(a.Refuse("invalid_scope", "The person has none of these scopes."))
		return
	}
	need, err := v.needed(a, p)
	switch {
	case err != nil:
		v.awayFor(a, err)
	case need && a.Ask.Prompts("none"):
		v.tell(a.Refuse("consent_required", "The person has to be asked."))
	case need:
		v.ask(a, p)
	default:
		v.grant(a, p)
	}
}

// turn makes a GET of a POST (OpenID Connect Core 1.0 section 3.1.2.1): it comes
// from another site, so the browser sends no cookie along; with what follows, it
// does.
func (v *visit) turn() {
	if media, _, err := mime.ParseMediaType(v.hr.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "Expected a form. The program that sent you here has to be corrected."})
		return
	}
	values, ok := v.form(issuer.MaxAsk)
	if !ok {
		return
	}
	http.Redirect(v.w, v.hr, v.e.prefix()+pathAuthorize+"?"+values.Encode(), http.StatusSeeOther)
}

// form reads a form of the body.
func (v *visit) form(most int64) (url.Values, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(v.w, v.hr.Body, most))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		v.page(http.StatusRequestEntityTooLarge, sorry{Title: "This request is too large", Says: "Start over at the program that you came from."})
		return nil, false
	}
	values, err2 := url.ParseQuery(string(body))
	if err := errors.Join(err, err2); err != nil {
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "The form did not arrive whole. Start over at the program that you came from."})
		return nil, false
	}
	return values, true
}

// judge asks the issuer, and tells who must be told.
func (v *visit) judge(ask issuer.Ask) (*issuer.Authorization, bool) {
	a, err := v.e.Issuer.Authorize(v.hr.Context(), v.e.Clients, ask)
	var refused *issuer.AskError
	switch {
	case err == nil:
		return a, true
	case errors.As(err, &refused):
		v.tell(refused)
	default:
		v.away(err)
	}
	return nil, false
}

// tell tells the client of an error, or the person where the client must not be,
// or not without the person's knowing.
func (v *visit) tell(e *issuer.AskError) {
	to := v.e.Issuer.Tell(e)
	switch {
	case to == "":
		v.refused(reason.RequestMalformed, "", e)
		v.page(e.Status(), sorry{
			Title: "The program that sent you here asked wrongly", Says: e.Description, Client: e.Client,
			Then: "You cannot correct this, and you were not sent back, because nobody can tell where to. Tell whoever makes or runs that program.",
		})
	case e.Open() && v.hr.Header.Get("Sec-Fetch-Dest") != "iframe": // in a frame nobody takes it for us
		v.refused(reason.RequestMalformed, "", e)
		v.page(e.Status(), sorry{
			Title: "This does not go on here", Says: e.Description, Client: e.Client, Back: to,
			Then: "The program registered itself here, and nobody has checked it. Go back to it only if you came from there.",
		})
	default:
		v.back(to)
	}
}

// login has the person prove who they are, and comes back.
func (v *visit) login(a *issuer.Authorization, again bool) {
	if a.Ask.Prompts("none") {
		v.tell(a.Refuse("login_required", "Nobody is logged in, or the login is too old."))
		return
	}
	ask := a.Ask
	// Any login does for whoever is not logged in, one elsewhere in the morning too,
	// unless the program wants a new one.
	anew := again || ask.Prompts("login") || ask.Prompts("select_account") || ask.MaxAge == 0 || !ask.After.IsZero()
	if anew {
		ask = ask.LoggedIn(v.e.now())
	}
	v.e.AskLogin(v.w, v.hr, Ask{
		Return: v.e.prefix() + pathAuthorize + "?" + ask.Values().Encode(), Hint: a.Ask.LoginHint, Again: again, Anew: anew, For: whom(a.Client),
	})
}

// whom is what the login says where it leads. A name that nobody checked is told as
// one: else a sentence of a stranger's would be ours.
func whom(c store.Client) string {
	if !c.Registered {
		return clientName(c)
	}
	inner := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"“”„‟〝〞〟＂", r) {
			return -1
		}
		return r
	}, clientName(c))
	return "a program that nobody has checked, which calls itself “" + inner + "”"
}

func name(a *issuer.Authorization) string { return clientName(a.Client) }

// clientName is what people are shown. A program may have chosen it itself: what
// turns the writing around, or is not to be seen, is left out, and so is what is
// too long for a name.
func clientName(c store.Client) string {
	text := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, c.Name)
	if text = strings.TrimSpace(text); text == "" {
		text = c.ID
	}
	if runes := []rune(text); len(runes) > maxName {
		text = string(runes[:maxName]) + "…"
	}
	return text
}

const maxName = 60

// needed tells whether the person must be asked.
func (v *visit) needed(a *issuer.Authorization, p *session.Person) (bool, error) {
	switch {
	case a.Client.Trusted:
		return false, nil
	case v.e.Always, a.Ask.Prompts("consent"), a.Unassured():
		return true, nil
	}
	c, err := v.e.Consents.Consent(v.hr.Context(), p.Subject, p.Issuer, a.Client.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	return !within(a.Of(p.Scopes), c.Scopes) || !within(v.audience(a), c.Resources), nil
}

// audience is what tokens will be for.
func (v *visit) audience(a *issuer.Authorization) []string { return v.audienceOr(a.Audience) }

func (v *visit) audienceOr(own []string) []string {
	if len(own) > 0 {
		return own
	}
	return v.e.Issuer.Audience
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// personFor is person for a client, which is told where nobody may be.
func (v *visit) personFor(a *issuer.Authorization) (p *session.Person, ok, answered bool) {
	if !a.Ask.Prompts("none") {
		return v.person()
	}
	p, err := v.e.People.Find(v.hr.Context(), v.hr)
	var refused *gate401.Denial
	switch {
	case err == nil:
		return p, true, false
	case errors.Is(err, session.ErrNone):
		return nil, false, false
	case errors.As(err, &refused):
		v.tell(a.Refuse("login_required", "Who is logged in may not go on."))
	default:
		v.awayFor(a, err)
	}
	return nil, false, true
}

// awayFor is away for a request that a client made: it is told where it wanted no
// page to be shown (RFC 6749 section 4.1.2.1).
func (v *visit) awayFor(a *issuer.Authorization, err error) {
	if !a.Ask.Prompts("none") {
		v.away(err)
		return
	}
	v.refused(reason.CheckFailed, "", err)
	v.tell(a.Refuse("temporarily_unavailable", "Something that is needed to decide is out of reach. Ask again in a moment."))
}

// grant issues a code and sends the browser back with it.
func (v *visit) grant(a *issuer.Authorization, p *session.Person) {
	if v.e.Limit != nil {
		// Never given back: each one is a record.
		settle, err := v.e.Limit.Reserve(v.hr.Context(), v.r, guess{subject: issuer.SubjectOf(p.Issuer, p.Subject)})
		if err != nil {
			v.refused(reason.RateLimited, issuer.SubjectOf(p.Issuer, p.Subject), err)
			v.tell(a.Refuse("temporarily_unavailable", "This was asked very often. Ask again later."))
			return
		}
		settle(&gate401.Denial{Reason: reason.RateLimited})
	}
	code, err := v.e.Issuer.For(v.r).IssueCode(v.hr.Context(), a, approval(p))
	var refused *issuer.AskError
	switch {
	case errors.As(err, &refused):
		v.tell(refused)
	case err != nil:
		v.awayFor(a, err)
	default:
		v.back(v.e.Issuer.Answer(a, code))
	}
}

func approval(p *session.Person) issuer.Approval {
	return issuer.Approval{
		Subject: p.Subject, Issuer: p.Issuer, Session: p.Session, Scopes: p.Scopes, Groups: p.Groups,
		AuthTime: p.AuthTime, ACR: p.ACR, AMR: p.AMR,
	}
}

// back sends the browser to the client (RFC 9700 section 4.12: 303, so that no
// form is sent on).
func (v *visit) back(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}
