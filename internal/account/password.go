package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// passwordForm is the form for a new password.
type passwordForm struct {
	layout web.Page
	base   string
	name   string // of the account, for password managers
	// what is wrong with the present and with the new one
	present, next string
}

// now is a clock that stands still while a page is written.
type now struct{ time.Time }

func (h *Handler) passwordForm(c *call) passwordForm {
	return passwordForm{layout: h.card("Change your password", "login.js"), base: h.Prefix + "account", name: c.account.Name}
}

func (h *Handler) askPassword(c *call) error {
	return h.show(c, http.StatusOK, passwordPage(h.passwordForm(c)))
}

func (h *Handler) changePassword(c *call) error {
	form := c.hr.PostForm
	settle, err := h.guess(c, c.account.Name)
	if err != nil {
		return err
	}
	// The guess counts even if whoever made it does not wait for the answer.
	changed, err := h.People.ChangePassword(context.WithoutCancel(c.hr.Context()), c.by(), c.account.Name, form.Get("present"), form.Get("next"))
	wrong := errors.Is(err, people.ErrWrongPassword)
	switch {
	case wrong:
		settle(h.wrong(c, reason.PasswordWrong, err))
	case errors.Is(err, people.ErrSamePassword), weak(err) != "", errors.Is(err, people.ErrNotRecorded):
		settle(nil) // the present one was right
	default:
		settle(err)
	}
	f := h.passwordForm(c)
	switch err = h.unrecorded(err); {
	case wrong:
		f.present = "That is not your present password."
	case errors.Is(err, people.ErrSamePassword):
		f.next = "That is your present password. Choose another one."
	case err != nil:
		if f.next = weak(err); f.next == "" {
			return err
		}
	default:
		// All sessions ended with the password, this one too.
		proved := session.Proved{
			Subject: c.person.Subject, Provider: c.person.Provider, Display: c.person.Display,
			AuthTime: c.person.AuthTime, ACR: c.person.ACR, AMR: c.person.AMR, PasswordChanged: changed.PasswordChanged,
		}
		_, cookie, err := h.Sessions.Begin(c.hr.Context(), proved, c.r)
		if err != nil && !errors.Is(err, session.ErrOutdated) {
			return err
		}
		if err == nil {
			http.SetCookie(c.w, cookie)
		}
		return h.done(c, nil, "password")
	}
	return h.show(c, http.StatusUnprocessableEntity, passwordPage(f))
}

// weak says in words why a new password is refused; empty for another error.
func weak(err error) string {
	switch {
	case errors.Is(err, password.ErrTooLong):
		return fmt.Sprintf("A password has at most %d octets.", password.MaxLength)
	case errors.Is(err, password.ErrWeak):
		// The error ends with what is wrong, and never repeats the password.
		return "Choose another one: " + strings.TrimPrefix(err.Error(), password.ErrWeak.Error()+": ") + "."
	}
	return ""
}
