package consent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
)

// fieldCode is the code that a device shows.
const fieldCode = "user_code"

// guess is the code of a device as somebody typed it, for the guard. No account
// has a colon in its name.
type guess struct{ subject, code string }

// Method returns "device".
func (guess) Method() string { return "device" }

// Account names the person: nobody else's guesses cost them any.
func (g guess) Account() (string, bool) { return "device:" + g.subject, true }

// Key identifies the attempt.
func (g guess) Key() [32]byte { return sha256.Sum256([]byte(g.subject + "\x00" + g.code)) }

var _ gate401.Credential = guess{}

// deviceForm is the page where the code is entered.
type deviceForm struct {
	p           *session.Person
	code, wrong string
}

// deviceQuestion is the page that asks about a device.
type deviceQuestion struct {
	p      *session.Person
	d      *issuer.Device
	scopes []string
	bind   string
}

// present is who is at the browser, or the login in front of the device page.
func (v *visit) present(code string) (*session.Person, bool) {
	p, ok, answered := v.person()
	switch {
	case answered:
		return nil, false
	case !ok:
		back := v.e.prefix() + pathDevice
		if code != "" {
			back += "?" + fieldCode + "=" + plain(code)
		}
		v.e.AskLogin(v.w, v.hr, Ask{Return: back, For: "a device"})
		return nil, false
	}
	return p, true
}

// device shows where a person enters the code of a device (RFC 8628 section 3.3).
// One that came with the address is filled in and not looked up: a link changes
// nothing, and the person compares the code with the device.
func (v *visit) device() {
	if v.only(http.MethodGet) {
		return
	}
	code := plain(v.hr.URL.Query().Get(fieldCode))
	if p, ok := v.present(code); ok {
		v.show(http.StatusOK, "", devicePage(v, deviceForm{p: p, code: code}))
	}
}

// plain is what of a text can be of a code; nothing else comes back to a page or
// into an address.
func plain(text string) string {
	var out []byte
	for i := 0; i < len(text) && len(out) < 12; i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
			out = append(out, c)
		}
	}
	return string(out)
}

// deviceCode looks up the code that was entered, and asks about the device.
func (v *visit) deviceCode() {
	if v.only(http.MethodPost) || v.foreign() {
		return
	}
	form, ok := v.form(4 << 10)
	if !ok {
		return
	}
	code := form.Get(fieldCode)
	p, ok := v.present(code)
	if !ok {
		return
	}
	d, ok := v.find(p, code)
	if !ok {
		return
	}
	q := deviceQuestion{p: p, d: d, scopes: deviceScopes(d, p)}
	var err error
	if q.bind, err = v.bind(p, "device", shownOfDevice(q)); err != nil {
		v.away(err)
		return
	}
	v.show(http.StatusOK, "", deviceConsentPage(v, q))
}

// find looks for the device that waits with a code: a guess, which is counted
// before it is compared (RFC 8628 section 5.1).
func (v *visit) find(p *session.Person, code string) (*issuer.Device, bool) {
	ctx := v.hr.Context()
	if v.e.Guard == nil {
		v.away(errors.New("there is no guard, so nothing that can be guessed is verified"))
		return nil, false
	}
	settle, err := v.e.Guard.Reserve(ctx, v.r, guess{issuer.SubjectOf(p.Issuer, p.Subject), code})
	if err != nil {
		v.limited(err)
		return nil, false
	}
	// The guess counts even if whoever made it does not wait for the answer.
	d, err := v.e.Issuer.FindDevice(context.WithoutCancel(ctx), v.e.Clients, code)
	switch {
	case errors.Is(err, issuer.ErrUserCode):
		settle(&gate401.Denial{Reason: reason.CodeUnknown, Subject: p.Subject, Method: "device", Err: err})
		v.refused(reason.CodeUnknown, issuer.SubjectOf(p.Issuer, p.Subject), err)
		v.show(http.StatusBadRequest, "", devicePage(v, deviceForm{
			p: p, code: plain(code), wrong: "No device waits with this code. Compare it with the device; if it shows a new one by now, type that.",
		}))
	case err != nil:
		settle(err)
		v.away(err)
	default:
		settle(nil)
		return d, true
	}
	return nil, false
}

// limited answers somebody who guessed too often.
func (v *visit) limited(err error) {
	var refused *gate401.Denial
	if !errors.As(err, &refused) {
		v.away(err)
		return
	}
	v.refused(refused.Reason, refused.Subject, refused.Err)
	for name, values := range refused.Header {
		v.w.Header()[name] = values
	}
	info := refused.Reason.Shown()
	v.page(info.Status, sorry{Title: info.Title, Says: info.FixUser, Code: info.Code})
}

// deviceScopes are those that the device gets of what it asked for.
func deviceScopes(d *issuer.Device, p *session.Person) []string {
	return slices.DeleteFunc(slices.Clone(d.Scopes), func(scope string) bool {
		return !issuer.About(scope) && !slices.Contains(p.Scopes, scope)
	})
}

func shownOfDevice(q deviceQuestion) []string {
	out := append([]string{q.d.UserCode, q.d.Client.ID, q.d.Client.Name, q.p.Subject, q.p.Issuer}, q.scopes...)
	out = append(append(out, ""), q.d.Audience...)
	return append(append(out, ""), q.p.Groups...)
}

// deviceAnswer takes the answer of the person.
func (v *visit) deviceAnswer() {
	if v.only(http.MethodPost) || v.foreign() {
		return
	}
	form, ok := v.form(4 << 10)
	if !ok {
		return
	}
	code := form.Get(fieldCode)
	p, ok := v.present(code)
	if !ok {
		return
	}
	over := sorry{Title: "This code is not waiting any more", Says: "It was answered already, or its time is over. If the device still asks, it shows a new code."}
	ctx := v.hr.Context()
	d, err := v.e.Issuer.FindDevice(ctx, v.e.Clients, code)
	switch {
	case errors.Is(err, issuer.ErrUserCode):
		v.page(http.StatusBadRequest, over)
		return
	case err != nil:
		v.away(err)
		return
	}
	q := deviceQuestion{p: p, d: d, scopes: deviceScopes(d, p)}
	want, err := v.bind(p, "device", shownOfDevice(q))
	switch {
	case err != nil:
		v.away(err)
		return
	case !hmac.Equal([]byte(want), []byte(form.Get(fieldBind))):
		// It tells nothing of the code, which was not counted here.
		v.page(http.StatusBadRequest, over)
		return
	}
	done := sorry{Title: "The device may go on", Says: "You can close this page and go back to the device."}
	var none *issuer.FormError
	switch form.Get(fieldAnswer) {
	case answerAllow:
		err = v.e.Issuer.AllowDevice(ctx, code, approval(p))
	case answerCancel:
		done = sorry{Title: "The device was turned away", Says: "It gets nothing. You can close this page."}
		err = v.e.Issuer.DenyDevice(ctx, code)
	default:
		v.page(http.StatusBadRequest, over)
		return
	}
	switch {
	case errors.Is(err, issuer.ErrUserCode):
		v.page(http.StatusBadRequest, over)
	case errors.As(err, &none):
		v.page(http.StatusForbidden, sorry{Title: "You do not have what the device asks for", Says: "It asks for rights, and none of them is yours. Ask whoever runs this service.", Client: d.Client.Name})
	case err != nil:
		v.away(err)
	default:
		v.show(http.StatusOK, "", deviceDonePage(v, done))
	}
}
