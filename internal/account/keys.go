package account

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/web"
)

const day = 24 * time.Hour

// choice is an entry of a list in a form.
type choice struct {
	value, text string
	lasts       time.Duration // 0 = for ever
}

// lifetimes are how long a new key may be good, overlaps how long one that is
// replaced stays good.
func lifetimes() []choice {
	return []choice{{"30", "30 days", 30 * day}, {"90", "90 days", 90 * day}, {"365", "a year", 365 * day}, {"0", "until it is revoked", 0}}
}

func overlaps() []choice {
	return []choice{{"1", "a day", day}, {"7", "a week", 7 * day}, {"30", "30 days", 30 * day}, {"0", "not at all: it ends now", 0}}
}

func pick(choices []choice, value string) (choice, bool) {
	for _, c := range choices {
		if c.value == value {
			return c, true
		}
	}
	return choice{}, false
}

// keyForm is the form for a new key, with what was entered.
type keyForm struct {
	layout         web.Page
	base, fault    string
	id, name, till string
	scopes, groups []string // that the person has
	asked          map[string]bool
}

func (h *Handler) keyForm(c *call, fault string) keyForm {
	return keyForm{
		layout: h.card("A new API key"), base: h.Prefix + "account", fault: fault, till: "90",
		scopes: c.account.Scopes, groups: c.account.Groups, asked: map[string]bool{},
	}
}

func (h *Handler) askKey(c *call) error {
	if h.KeyEnvironment == "" {
		return store.ErrNotFound
	}
	id, err := h.People.KeyID()
	if err != nil {
		return err
	}
	f := h.keyForm(c, "")
	f.id = id
	return h.show(c, http.StatusOK, newKeyPage(f))
}

func (h *Handler) newKey(c *call) error {
	if h.KeyEnvironment == "" {
		return store.ErrNotFound
	}
	form := c.hr.PostForm
	till, ok := pick(lifetimes(), form.Get("expires"))
	if !ok {
		return h.again(c, h.keyForm(c, "Choose how long the key is good."))
	}
	ask := people.NewKey{
		ID: form.Get("id"), Name: strings.TrimSpace(form.Get("name")), Environment: h.KeyEnvironment,
		Scopes: form["scope"], Groups: form["group"],
	}
	if till.lasts > 0 {
		ask.Expires = c.r.Time.Add(till.lasts)
	}
	made, secret, err := h.People.CreateKey(c.hr.Context(), c.by(), c.account.Name, ask)
	if err = h.unrecorded(err); err != nil {
		return h.keyFault(c, err)
	}
	return h.showKey(c, made, secret, "Your new API key", "")
}

// keyFault shows the form again with what is wrong with it.
func (h *Handler) keyFault(c *call, err error) error {
	var fault string
	switch {
	case errors.Is(err, store.ErrExists):
		return h.show(c, http.StatusConflict, sorryPage(h.card("The key was made already"), "The key was made already",
			"The form was sent twice. The key was shown the first time, and cannot be shown again.", "If you did not copy it, revoke it and make another one.", h.Prefix+"account"))
	case errors.Is(err, people.ErrTooManyKeys):
		fault = "You have as many keys as one account can have. Revoke one that is not needed."
	case errors.Is(err, people.ErrBeyond):
		fault = "A key can be allowed only what you are allowed yourself. That has changed since the form was shown."
	case errors.Is(err, people.ErrKeyInvalid), errors.Is(err, store.ErrInvalid):
		fault = "Give the key a shorter name, of letters, digits and spaces."
	default:
		return err
	}
	return h.again(c, h.keyForm(c, fault))
}

// again shows the form for a new key with what was entered.
func (h *Handler) again(c *call, f keyForm) error {
	form := c.hr.PostForm
	f.id, f.name = form.Get("id"), form.Get("name")
	if _, ok := pick(lifetimes(), form.Get("expires")); ok {
		f.till = form.Get("expires")
	}
	for _, s := range form["scope"] {
		f.asked["scope "+s] = true
	}
	for _, g := range form["group"] {
		f.asked["group "+g] = true
	}
	return h.show(c, http.StatusUnprocessableEntity, newKeyPage(f))
}

// showKey shows a key the only time that it can be seen.
func (h *Handler) showKey(c *call, key store.APIKey, secret token.APIKey, title, more string) error {
	return h.show(c, http.StatusOK, keyPage(h.card(title, "copy.js"), title, more, key, secret.Reveal(), now{c.r.Time}, h.Prefix+"account"))
}

// askReplace asks how long the old key stays good.
func (h *Handler) askReplace(c *call) error {
	key, err := h.People.Key(c.hr.Context(), c.account.Name, c.hr.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	next, err := h.People.KeyID()
	if err != nil {
		return err
	}
	return h.show(c, http.StatusOK, replacePage(h.card("Replace an API key"), key, next, h.Prefix+"account"))
}

func (h *Handler) replaceKey(c *call) error {
	form := c.hr.PostForm
	overlap, ok := pick(overlaps(), form.Get("overlap"))
	if !ok {
		return store.ErrNotFound
	}
	made, secret, err := h.People.RotateKey(c.hr.Context(), c.by(), c.account.Name, form.Get("id"), form.Get("next"), overlap.lasts)
	err = h.unrecorded(err)
	switch {
	case errors.Is(err, people.ErrKeyOver):
		return h.show(c, http.StatusConflict, sorryPage(h.card("That key cannot be replaced"), "That key cannot be replaced",
			"It is revoked, has expired, or was replaced already.", "Make a new one.", h.Prefix+"account"))
	case err != nil:
		return h.keyFault(c, err)
	}
	more := "The old key has ended."
	if overlap.lasts > 0 {
		more = "The old key ends in " + lasts(overlap.lasts) + " at the latest. Until then both are good."
	}
	return h.showKey(c, made, secret, "Your replaced API key", more)
}

func (h *Handler) revokeKey(c *call) error {
	_, err := h.People.RevokeKey(c.hr.Context(), c.by(), c.account.Name, c.hr.PostForm.Get("id"))
	return h.done(c, err, "key")
}
