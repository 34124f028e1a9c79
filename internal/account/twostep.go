package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// factorPage is what the page about two-step login shows.
type factorPage struct {
	layout web.Page
	base   string
	now    now
	state  secondfactor.State
	must   bool // it cannot be switched off
	// What becomes of programs that send the password, if any can.
	basic, alone bool
	// others is how many other browsers were let in by the password alone.
	others int
	app    *appPicture // while it is set up
	// What is wrong with the code that was entered, and in which form.
	fault, form string
}

func (h *Handler) twoStep(c *call) error { return h.showTwoStep(c, http.StatusOK, "", "") }

func (h *Handler) showTwoStep(c *call, status int, form, fault string) error {
	ctx, name := c.hr.Context(), c.account.Name
	p := factorPage{layout: h.card("Two-step login", "copy.js"), base: h.Prefix + "account", now: now{c.r.Time}, form: form, fault: fault}
	var err error
	if p.state, err = h.Factors.State(ctx, name, c.person.Session); err != nil {
		return err
	}
	p.must, p.basic, p.alone = h.must(c), h.Basic, h.PasswordAlone
	if p.state.On {
		if p.others, err = h.halfProved(c); err != nil {
			return err
		}
	}
	if p.state.Pending {
		if p.app, err = h.picture(c, name, c.person.Session); errors.Is(err, secondfactor.ErrNone) {
			p.state.Pending, err = false, nil
		}
		if err != nil {
			return err
		}
	}
	return h.show(c, status, twoStepPage(p))
}

// halfProved counts the other browsers in which the person logged in before there
// was a second step. They stay: who set it up may sit at one of them, and is told.
func (h *Handler) halfProved(c *call) (n int, err error) {
	sessions, err := h.People.Sessions(c.hr.Context(), c.who())
	for _, s := range sessions {
		if s.ID != c.person.Session && !slices.Contains(s.AMR, "mfa") {
			n++
		}
	}
	return n, err
}

// appPicture is what an app is told, once.
type appPicture struct {
	secondfactor.Setup
	box, path string // of the QR code: its viewBox, and what draws it
}

// picture is what the app is told of the secret of by that waits for its first code.
func (h *Handler) picture(c *call, account, by string) (*appPicture, error) {
	setup, err := h.Factors.Setup(c.hr.Context(), account, by)
	if err != nil {
		return nil, err
	}
	size, path, err := setup.QR()
	if err != nil {
		return nil, err
	}
	n := strconv.Itoa(size)
	return &appPicture{setup, "0 0 " + n + " " + n, path}, nil
}

// wrongFirst is what somebody is told whose app does not agree yet.
const wrongFirst = "That code is not right. Type the one that the app shows now; the clock of its device must be right."

func (h *Handler) must(c *call) bool {
	return h.MustHaveFactor != nil && h.MustHaveFactor(c.account.Groups)
}

func (h *Handler) beginFactor(c *call) error {
	state, err := h.Factors.State(c.hr.Context(), c.account.Name, c.person.Session)
	if err != nil {
		return err
	}
	// Another app in place of this one: only for who has this one.
	if state.On && !state.Pending {
		if done, err := h.proved(c, "begin"); done || err != nil {
			return err
		}
	}
	if err := h.Factors.Begin(c.hr.Context(), c.account.Name, c.person.Session); err != nil {
		return err
	}
	http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
	return nil
}

func (h *Handler) cancelFactor(c *call) error {
	if err := h.Factors.Cancel(c.hr.Context(), c.account.Name, c.person.Session); err != nil && !errors.Is(err, secondfactor.ErrNone) {
		return err
	}
	http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
	return nil
}

func (h *Handler) confirmFactor(c *call) error {
	// Not counted: whoever sees this page sees the secret as well.
	codes, err := h.Factors.Confirm(c.hr.Context(), c.account.Name, c.person.Session, c.hr.PostForm.Get("code"))
	switch err = h.unrecorded(err); {
	case errors.Is(err, secondfactor.ErrNone):
		http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
		return nil
	case errors.Is(err, secondfactor.ErrWrong):
		return h.showTwoStep(c, http.StatusUnprocessableEntity, "confirm", wrongFirst)
	case err != nil:
		return err
	}
	return h.showRecovery(c, codes, "Two-step login is on")
}

func (h *Handler) showRecovery(c *call, codes []string, title string) error {
	// The codes are shown this once: they must not be lost for a count.
	others, err := h.halfProved(c)
	if err != nil && h.Log != nil {
		h.Log.Error("account page failed", slog.String("request_id", c.r.ID), slog.String("error", err.Error()))
	}
	return h.show(c, http.StatusOK, recoveryPage(h.card(title, "copy.js"), title, codes, others, h.Prefix+"account/two-step"))
}

func (h *Handler) renewRecovery(c *call) error {
	// A form that is sent twice fails by its code, which is used up, so that the
	// codes that were shown stay good.
	if done, err := h.proved(c, "recovery"); done || err != nil {
		return err
	}
	state, err := h.Factors.State(c.hr.Context(), c.account.Name, c.person.Session)
	if err != nil {
		return err
	}
	codes, err := h.Factors.RenewRecovery(c.hr.Context(), c.account.Name, state.Version)
	switch err = h.unrecorded(err); {
	case errors.Is(err, secondfactor.ErrChanged), errors.Is(err, secondfactor.ErrNone):
		http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
		return nil
	case err != nil:
		return err
	}
	return h.showRecovery(c, codes, "New recovery codes")
}

func (h *Handler) endFactor(c *call) error {
	if h.must(c) {
		http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
		return nil
	}
	if done, err := h.proved(c, "off"); done || err != nil {
		return err
	}
	err := h.Factors.Disable(c.hr.Context(), c.account.Name)
	if errors.Is(err, secondfactor.ErrNone) {
		err = nil
	}
	return h.done(c, err, "two-step-off")
}

// proved uses up the code that came with the form: a session that was stolen, and
// even the password, must not be enough to weaken the account. done says that the
// request is answered, since the code was wrong.
func (h *Handler) proved(c *call, form string) (done bool, err error) {
	settle, err := h.guess(c, session.CodesOf(c.account.Name))
	if err != nil {
		return false, err
	}
	// The guess counts even if whoever made it does not wait for the answer.
	_, err = h.Factors.Check(context.WithoutCancel(c.hr.Context()), c.account.Name, c.hr.PostForm.Get("code"))
	switch err = h.unrecorded(err); {
	case errors.Is(err, secondfactor.ErrWrong):
		settle(h.wrong(c, reason.OneTimeCodeWrong, err))
		return true, h.showTwoStep(c, http.StatusUnprocessableEntity, form, "That code is not right, or was used already. Wait for the next one.")
	case errors.Is(err, secondfactor.ErrNone):
		settle(nil)
		http.Redirect(c.w, c.hr, h.Prefix+"account/two-step", http.StatusSeeOther)
		return true, nil
	}
	settle(err)
	return false, err
}
