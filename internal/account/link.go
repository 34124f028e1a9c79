package account

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web"
)

// linkForm is the page behind a link.
type linkForm struct {
	layout web.Page
	action string
	code   string // the secret, once it is known to be good
	name   string // of the account
	fault  string // what is wrong with the code
	next   string // what is wrong with the new password
	// Where the account must have a second factor and has none: what the app is
	// told, and what is wrong with its code.
	app   *appPicture
	wrong string
}

// link sets a forgotten password. The secret comes in the fragment of the
// address, which no server sees: a script puts it into the form, or the person
// pastes it. So it is sent in the body of a POST alone.
func (h *Handler) link(c *call) {
	w, hr := c.w, c.hr
	f := linkForm{layout: h.card("Set a new password", "link.js", "login.js", "copy.js"), action: h.Prefix + "link"}
	switch hr.Method {
	case http.MethodGet, http.MethodHead:
		_ = h.show(c, http.StatusOK, linkPage(f))
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.sorry(c, http.StatusMethodNotAllowed, "That cannot be done here", "This address does not understand "+hr.Method+".", "")
		return
	}
	if !parse(w, hr) {
		h.sorry(c, http.StatusBadRequest, "The form cannot be read", "It is too large, or was changed on its way. Nothing was done.", "Open the link again.")
		return
	}
	if err := h.useLink(c, f); err != nil {
		h.failed(c, err)
	}
}

func (h *Handler) useLink(c *call, f linkForm) error {
	hr := c.hr
	code, ctx := hr.PostForm.Get("code"), hr.Context()
	account, err := h.People.Link(ctx, code)
	if err != nil {
		return h.badLink(c, f, err)
	}
	f.code, f.name = code, account.Name
	must, err := h.lacksFactor(c, account)
	by := byLink(code)
	if err == nil && must {
		if err = h.Factors.Begin(ctx, account.Name, by); err == nil {
			f.app, err = h.picture(c, account.Name, by)
		}
	}
	if err != nil {
		return err
	}
	if !hr.PostForm.Has("next") {
		return h.show(c, http.StatusOK, linkPage(f))
	}
	next := hr.PostForm.Get("next")
	var codes []string
	if must {
		// Before the second factor is switched on: what comes with it is shown once.
		if f.next = weak(password.Check(next, account.Name)); f.next != "" {
			return h.show(c, http.StatusUnprocessableEntity, linkPage(f))
		}
		codes, err = h.Factors.Confirm(ctx, account.Name, by, hr.PostForm.Get("factor"))
		if err = h.unrecorded(err); errors.Is(err, secondfactor.ErrWrong) || errors.Is(err, secondfactor.ErrNone) {
			f.wrong = wrongFirst
			return h.show(c, http.StatusUnprocessableEntity, linkPage(f))
		} else if err != nil {
			return err
		}
	}
	_, err = h.People.UseLink(ctx, people.By{Actor: account.Name, RequestID: c.r.ID}, code, next)
	if err = h.unrecorded(err); err != nil {
		if f.next = weak(err); f.next != "" {
			return h.show(c, http.StatusUnprocessableEntity, linkPage(f))
		}
		return h.badLink(c, f, err)
	}
	return h.show(c, http.StatusOK, linkUsedPage(h.card("Your password is set", "copy.js"), h.Prefix+"account", codes))
}

// byLink is who sets up a second factor with the link of that secret: whoever
// holds it, and no session.
func byLink(code string) string {
	sum := sha256.Sum256([]byte(code))
	return "link " + hex.EncodeToString(sum[:8])
}

// lacksFactor tells whether the account cannot log in without a second factor and
// has none: then its owner sets it up here, for there is no other way in.
func (h *Handler) lacksFactor(c *call, account store.Account) (bool, error) {
	if h.MustHaveFactor == nil || h.FileAccounts || !h.MustHaveFactor(account.Groups) {
		return false, nil
	}
	has, err := h.Factors.Needed(c.hr.Context(), account.Name)
	return !has, err
}

// badLink says what is wrong with a link.
func (h *Handler) badLink(c *call, f linkForm, err error) error {
	status := http.StatusGone
	switch {
	case errors.Is(err, people.ErrLinkUnknown):
		status = http.StatusUnprocessableEntity
		f.fault = "There is no such link, or not any more. Copy the whole of it, or ask whoever gave it to you for a new one."
	case errors.Is(err, people.ErrLinkExpired):
		f.fault = "This link is too old. Ask whoever gave it to you for a new one."
	case errors.Is(err, people.ErrLinkUsed):
		f.fault = "This link was used already, or the password was changed since. Log in, or ask for a new one."
	case errors.Is(err, people.ErrSuspended):
		status = http.StatusForbidden
		f.fault = "The account is suspended. Ask whoever runs this site."
	default:
		return err
	}
	return h.show(c, status, linkPage(f))
}
