package openid

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// maxCode bounds what a provider sends back: it goes into a form to the provider
// itself, and nowhere else.
const maxCode = 4096

// tellAge is a year, in seconds: whoever is told how old a proof may be has to say
// in auth_time how old it is (OpenID Connect Core 1.0 section 2). Else nobody knows,
// and rules about it want another one at once.
const tellAge = "31536000"

// Handler answers below Prefix: /login/NAME, where a login with a provider begins,
// and /login/NAME/callback, where the provider sends the browser back to. Its
// fields are set before the first request and not changed after.
type Handler struct {
	// Prefix is the path of the gate's own endpoints, without a slash at its end;
	// empty means "/auth". Realm names what people log in to.
	Prefix, Realm string
	// Gate has the observers and the way to read and to refuse requests. Required.
	Gate *gate401.Gate
	// Providers are the others to log in with.
	Providers []*Provider
	// Tickets keeps logins that are not complete. Required.
	Tickets store.Tickets
	// Admit logs in somebody for whom a provider has vouched, and leads the browser
	// to returnTo. Required.
	Admit func(w http.ResponseWriter, hr *http.Request, who session.Proved, returnTo string)
	// Rand makes secrets; nil means crypto/rand.
	Rand io.Reader

	once       sync.Once
	prefix     string
	challenges []httpauth.Challenge
	pace       pace
}

func (h *Handler) setup() {
	h.prefix = h.Prefix
	if h.prefix == "" {
		h.prefix = "/auth"
	}
	h.challenges = []httpauth.Challenge{{Scheme: "Session", Params: []httpauth.Param{
		{Name: "realm", Value: h.Realm}, {Name: "login", Value: h.prefix + "/login"},
	}}}
}

// Close ends what is under way with the providers.
func (h *Handler) Close() error {
	var faults []error
	for _, p := range h.Providers {
		faults = append(faults, p.Close())
	}
	return errors.Join(faults...)
}

// Start is the path where a login with the provider of that name begins.
func (h *Handler) Start(name string) string {
	h.once.Do(h.setup)
	return h.prefix + "/login/" + name
}

// Owns tells whether path is one that ServeHTTP answers.
func (h *Handler) Owns(path string) bool {
	h.once.Do(h.setup)
	return strings.HasPrefix(path, h.prefix+"/login/")
}

// find is the provider of a path.
func (h *Handler) find(path string) (p *Provider, back, ok bool) {
	name, ok := strings.CutPrefix(path, h.prefix+"/login/")
	name, back = strings.CutSuffix(name, "/callback")
	for _, p := range h.Providers {
		if ok && p.Name == name {
			return p, back, true
		}
	}
	return nil, false, false
}

// visit is one request.
type visit struct {
	*Handler
	w  http.ResponseWriter
	hr *http.Request
	r  *gate401.Request
	p  *Provider
	to string // where the person wants to go
}

// ServeHTTP answers at the paths that Owns names.
func (h *Handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	h.once.Do(h.setup)
	r, err := h.Gate.Intake.Request(hr)
	if err != nil {
		d := gate401.Malformed(r, err)
		h.observe(r, &d)
		h.Gate.Responder.Refuse(w, hr, r, d)
		return
	}
	v := &visit{Handler: h, w: w, hr: hr, r: r}
	p, back, ok := h.find(hr.URL.Path)
	v.p = p
	switch {
	case !ok:
		v.nowhere()
	case hr.Method != http.MethodGet && hr.Method != http.MethodHead:
		w.Header()["Allow"] = []string{"GET, HEAD"}
		v.plain(http.StatusMethodNotAllowed, "Only GET and HEAD are understood here.")
	case back:
		v.callback()
	default:
		v.start()
	}
}

func (h *Handler) observe(r *gate401.Request, d *gate401.Decision) {
	if h.Gate.Observe != nil {
		h.Gate.Observe(r, d)
	}
}

// query reads the parameters. None may be there twice (RFC 6749 section 3.1).
func (v *visit) query(names ...string) (url.Values, error) {
	q, err := url.ParseQuery(v.hr.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query cannot be read")
	}
	for _, name := range names {
		if len(q[name]) > 1 {
			return nil, errors.New("a parameter is there twice: " + name)
		}
	}
	return q, nil
}

// start sends the browser to the provider.
func (v *visit) start() {
	q, err := v.query("return_to", "again", "other")
	if err != nil {
		v.refuse(malformed(err))
		return
	}
	// What cannot be returned to is forgotten in silence, as by the login page.
	v.to, _ = returnto.Parse(q.Get("return_to"))
	if wait, ok := v.pace.allow(v.r.Time, v.r.Client); !ok {
		v.refuse(v.crowded(wait))
		return
	}
	ctx := v.hr.Context()
	secret, cookie, err := v.browser(v.r)
	if err != nil {
		v.refuse(insecure(err))
		return
	}
	m, err := v.p.metadata(ctx)
	if err != nil {
		v.refuse(v.away(err))
		return
	}
	f := flow{
		Provider: v.p.Name, Issuer: v.p.Issuer, Client: v.p.ClientID, Browser: browserHash(secret), Return: v.to, Redirect: v.redirect(),
		Again: q.Get("again") != "" && q.Get("other") == "", Began: v.r.Time.UTC(),
	}
	state, err := v.begin(ctx, f)
	if err != nil {
		v.refuse(v.broken(err))
		return
	}
	options := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(verifierOf(secret, state)), oauth2.SetAuthURLParam("nonce", nonceOf(secret, state)),
	}
	age := tellAge
	switch {
	case q.Get("other") != "" && slices.Contains(m.Prompts, "select_account"):
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	case q.Get("other") != "":
		// Every provider knows this one: somebody else can log in as well.
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	case f.Again:
		// The one is obeyed here and the other there (OpenID Connect Core 1.0 section
		// 3.1.2.1); what came of it, auth_time says.
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
		age = "0"
	}
	options = append(options, oauth2.SetAuthURLParam("max_age", age))
	http.SetCookie(v.w, cookie)
	v.fields()
	v.w.Header().Set("Location", v.p.oauth(m, f.Redirect).AuthCodeURL(state, options...))
	v.w.WriteHeader(http.StatusSeeOther)
}

// redirect is where the provider sends the browser back to: each has a place of its
// own, so that none can answer in the place of another (RFC 9700 section 4.4.2.2).
func (v *visit) redirect() string {
	return v.r.URL.Scheme + "://" + v.r.URL.Host + v.Start(v.p.Name) + "/callback"
}

// callback takes the answer of the provider.
func (v *visit) callback() {
	q, err := v.query("state", "code", "iss", "error", "error_description", "error_uri")
	if err != nil {
		v.refuse(malformed(err))
		return
	}
	ctx := v.hr.Context()
	state, code := q.Get("state"), q.Get("code")
	f, secret, err := v.take(ctx, v.r, v.p, state)
	v.to = f.Return
	if err != nil {
		v.refuse(v.stray(err))
		return
	}
	m, err := v.p.metadata(ctx)
	if err != nil {
		v.refuse(v.away(err))
		return
	}
	// Before anything else of the answer is believed: who is it from? (RFC 9207
	// section 2.4)
	if iss := q.Get("iss"); iss != v.p.Issuer && (q.Has("iss") || m.NamesIssuer) {
		v.refuse(v.mixed(iss))
		return
	}
	if q.Has("error") {
		v.refuse(v.declined(q.Get("error"), q.Get("error_description")))
		return
	}
	if code == "" || len(code) > maxCode {
		v.refuse(malformed(errors.New("the answer of the provider has neither a code nor an error, or a code that is too long")))
		return
	}
	a, err := v.p.redeem(ctx, m, f, secret, state, code)
	if err != nil {
		v.refuse(v.judged(err))
		return
	}
	who, err := v.p.proved(a, f, v.r.Time)
	if err != nil {
		v.refuse(v.unwelcome(err, who))
		return
	}
	v.Admit(v.w, v.hr, who, v.to)
}

// Logout is where a browser logs out at the provider of a session (OpenID Connect
// RP-Initiated Logout 1.0 section 2), and what people call that provider; ok is
// false where it is not wanted or not possible. The provider is told who we are
// rather than who the person is: their ID token is not kept.
func (h *Handler) Logout(r *gate401.Request, hr *http.Request, s store.Session) (to, label string, ok bool) {
	h.once.Do(h.setup)
	for _, p := range h.Providers {
		if !p.Logout || p.Name != s.Provider || p.Issuer != s.Issuer {
			continue
		}
		m, err := p.metadata(hr.Context())
		if err != nil || m.EndSession == "" {
			return "", "", false
		}
		u, err := url.Parse(m.EndSession)
		if err != nil {
			return "", "", false
		}
		q := u.Query()
		q.Set("client_id", p.ClientID)
		q.Set("post_logout_redirect_uri", r.URL.Scheme+"://"+r.URL.Host+h.prefix+"/logout")
		u.RawQuery = q.Encode()
		return u.String(), p.Called(), true
	}
	return "", "", false
}

// malformed is an answer that no provider sends.
func malformed(err error) sorry {
	return sorry{
		denial: gate401.Denial{Reason: reason.RequestMalformed, Err: err},
		Title:  "This address cannot be read", Says: "Begin again, and follow the buttons rather than a link.",
	}
}
