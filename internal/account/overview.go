package account

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web"
)

// card is what the layout of a page with one thing to do needs to know.
func (h *Handler) card(title string, scripts ...string) web.Page {
	return web.Page{Title: title, Assets: h.Prefix + "problems/-/", Scripts: scripts, NoIndex: true}
}

// mine is everything that the page shows.
type mine struct {
	layout   web.Page
	base     string // of the addresses: "/auth/account"
	logout   string
	said     string
	now      now
	person   *session.Person
	own      bool
	takes    bool // the gate takes API keys
	account  store.Account
	factor   secondfactor.State
	provider string // as people call it
	sessions []store.Session
	more     bool           // there are more than are listed
	keys     []store.APIKey // that are good
	over     []store.APIKey // that are not
	apps     []people.App
}

// maxSessions is how many sessions are listed: the page is for people.
const maxSessions = 50

// maxOver is how many keys that are over are shown.
const maxOver = 20

func (h *Handler) overview(c *call) error {
	ctx := c.hr.Context()
	m := mine{
		layout: web.Page{
			Title: "Your account", Assets: h.Prefix + "problems/-/", NoIndex: true, Home: h.Prefix + "account",
			Foot: "Whoever can open this page can end what is listed here. To change what lets you in, you are asked to log in again.",
		},
		base: h.Prefix + "account", logout: h.Prefix + "logout", said: notice(c.hr.URL.Query().Get("done")),
		now: now{c.r.Time}, person: c.person, own: c.own, account: c.account, takes: h.KeyEnvironment != "",
	}
	var err error
	if m.sessions, err = h.People.Sessions(ctx, c.who()); err != nil {
		return err
	}
	// This browser first.
	slices.SortStableFunc(m.sessions, func(a, b store.Session) int {
		return cmp.Compare(rank(a, c.person), rank(b, c.person))
	})
	if len(m.sessions) > maxSessions {
		m.sessions, m.more = m.sessions[:maxSessions], true
	}
	if m.provider = c.person.Provider; m.provider != "" && h.Provider != nil {
		m.provider = h.Provider(m.provider)
	}
	if m.apps, err = h.People.Apps(ctx, c.who()); err != nil {
		return err
	}
	if c.own {
		if m.factor, err = h.Factors.State(ctx, c.account.Name, c.person.Session); err != nil {
			return err
		}
		keys, err := h.People.Keys(ctx, c.account.Name)
		if err != nil {
			return err
		}
		for _, k := range keys {
			switch {
			case k.Revoked.IsZero() && (k.Expires.IsZero() || m.now.Before(k.Expires)):
				m.keys = append(m.keys, k)
			case len(m.over) < maxOver:
				m.over = append(m.over, k)
			}
		}
	}
	return h.show(c, http.StatusOK, overviewPage(m))
}

func rank(s store.Session, p *session.Person) int {
	if s.ID == p.Session {
		return 0
	}
	return 1
}

func (h *Handler) endSession(c *call) error {
	err := h.People.EndSession(c.hr.Context(), c.by(), c.who(), c.hr.PostForm.Get("id"))
	return h.done(c, err, "session")
}

func (h *Handler) endOthers(c *call) error {
	_, err := h.People.EndSessions(c.hr.Context(), c.by(), c.who(), c.person.Session)
	return h.done(c, err, "others")
}

// everywhere ends this session as well, so that what comes next is a login.
func (h *Handler) everywhere(c *call) error {
	if err := h.unrecorded(h.People.EndEverything(c.hr.Context(), c.by(), c.who())); err != nil {
		return err
	}
	http.SetCookie(c.w, session.ClearCookie(c.r, session.CookieName))
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return h.show(c, http.StatusOK, everywherePage(h.card("You are logged out everywhere"), h.Prefix+"account"))
}

func (h *Handler) revokeApp(c *call) error {
	err := h.People.RevokeApp(c.hr.Context(), c.by(), c.who(), c.hr.PostForm.Get("client"))
	return h.done(c, err, "app")
}
