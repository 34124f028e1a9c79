package login_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

func TestSecondFactor(t *testing.T) {
	h := newHouse(t)
	w := h.post("/auth/login", "username", "bob", "password", rightPassword, "return_to", "/orders/42")
	if w.Code != 401 || !strings.Contains(w.Body.String(), `autocomplete="one-time-code"`) || !strings.Contains(w.Body.String(), `value="/orders/42"`) {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	if h.jar["__Host-g401"] != "" || h.jar["__Host-g401-login"] == "" {
		t.Fatalf("half a login has the cookies %v", h.jar)
	}
	if w := h.open("/orders"); w.Code != 401 {
		t.Errorf("half a login opens the site: %d", w.Code)
	}
	w = h.post("/auth/login", "code", "000000", "return_to", "/orders/42")
	if w.Code != 401 || h.last().Reason() != reason.OneTimeCodeWrong || h.last().Subject() != "bob" || !strings.Contains(w.Body.String(), "The code is not right") {
		t.Errorf("%d %s\n%s", w.Code, h.last().Reason(), w.Body)
	}
	if w = h.post("/auth/login", "code", ""); w.Code != 401 || !strings.Contains(w.Body.String(), "The code is missing") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w = h.post("/auth/login", "code", "away"); w.Code != 503 {
		t.Errorf("could not be checked: %d", w.Code)
	}
	// Whoever mistypes a recovery code is not told to wait for the next one.
	w = h.post("/auth/login", "recovery", "mistyped")
	if body := w.Body.String(); w.Code != 401 || !strings.Contains(body, "The recovery code is not right") || !strings.Contains(body, `<details class="other" open>`) || strings.Contains(body, "Wait for the next") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	if w = h.post("/auth/login", "recovery", ""); w.Code != 401 || !strings.Contains(w.Body.String(), "The recovery code is missing") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	half := h.jar["__Host-g401-login"]
	w = h.post("/auth/login", "recovery", " 123456 ", "return_to", "/orders/42")
	if w.Code != 303 || w.Header().Get("Location") != "/orders/42" || h.jar["__Host-g401-login"] != "" {
		t.Fatalf("%d %v %v", w.Code, w.Header(), h.jar)
	}
	if body := h.do(http.MethodGet, "/auth/me", nil).Body.String(); !strings.Contains(body, `"amr":["pwd","otp","mfa"]`) {
		t.Errorf("%s", body)
	}
	// The first half is used up.
	h.jar["__Host-g401-login"] = half
	if w = h.post("/auth/login", "code", "654321"); w.Code != 401 || !strings.Contains(w.Body.String(), "Please begin again") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// A program is told in JSON that half of it was right.
func TestSecondFactorOfAProgram(t *testing.T) {
	h := newHouse(t)
	w := h.do(http.MethodPost, "/auth/login", url.Values{"username": {"bob"}, "password": {rightPassword}})
	if w.Code != 401 || h.last().Reason() != reason.AuthenticationTooWeak || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s %v", w.Code, h.last().Reason(), w.Header())
	}
	w = h.do(http.MethodPost, "/auth/login", url.Values{"code": {"000000"}})
	if body := w.Body.String(); w.Code != 401 || !strings.Contains(body, `"title":"The code is not right"`) || !strings.Contains(body, `"code":"one-time-code-wrong"`) ||
		!strings.Contains(body, `"detail":"Wait for the next code`) || strings.Contains(body, "password") {
		t.Errorf("a wrong code: %d %s", w.Code, body)
	}
	if w = h.do(http.MethodPost, "/auth/login", url.Values{"code": {"123456"}}); w.Code != 303 || h.jar["__Host-g401"] == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestSecondFactorEnds(t *testing.T) {
	h := newHouse(t)
	if w := h.post("/auth/login", "code", "123456"); w.Code != 401 || !strings.Contains(w.Body.String(), "Please begin again") {
		t.Errorf("without the first half: %d\n%s", w.Code, w.Body)
	}
	h.post("/auth/login", "username", "bob", "password", rightPassword)
	// In another browser the code is worth nothing.
	jar := h.jar
	h.jar = map[string]string{}
	if w := h.post("/auth/login", "code", "123456"); w.Code != 401 {
		t.Errorf("another browser: %d", w.Code)
	}
	h.jar = jar
	h.clock = h.clock.Add(10 * time.Minute)
	if w := h.post("/auth/login", "code", "123456"); w.Code != 401 || !strings.Contains(w.Body.String(), "took too long") {
		t.Errorf("after ten minutes: %d\n%s", w.Code, w.Body)
	}
}

// Codes are guesses like passwords.
func TestCodesAreCounted(t *testing.T) {
	h := newHouse(t)
	h.post("/auth/login", "username", "bob", "password", rightPassword)
	for range 40 {
		if w := h.post("/auth/login", "code", "000000"); w.Code != 401 {
			if w.Code != 429 {
				t.Errorf("%d", w.Code)
			}
			return
		}
	}
	t.Error("forty codes were tried")
}

func TestRequiredSecondFactor(t *testing.T) {
	h := newHouse(t)
	h.Required = func(a store.Account) bool { return a.Name == "alice" }
	w := h.logIn()
	if w.Code != 401 || h.last().Reason() != reason.AuthenticationTooWeak || h.jar["__Host-g401"] != "" || !strings.Contains(w.Body.String(), "needs a second factor") {
		t.Errorf("%d %s\n%s", w.Code, h.last().Reason(), w.Body)
	}
}

// Whoever has a stolen password and many addresses tries no more codes than others:
// the right password, which each network can prove, makes none of them a place where
// the codes of the account were known.
func TestCodesAreCountedFromEverywhere(t *testing.T) {
	h := newHouse(t)
	from := func(network int, pairs ...string) int {
		form := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		h.client = fmt.Sprintf("[2001:db8:0:%x::1]:4711", network)
		return h.do(http.MethodPost, "/auth/login", form, page...).Code
	}
	tried := 0
	for network := range 20 {
		h.jar = map[string]string{}
		if code := from(network, "username", "bob", "password", rightPassword); code != 401 || h.jar["__Host-g401-login"] == "" {
			t.Fatalf("network %d: the right password was answered with %d", network, code)
		}
		for range 10 {
			if from(network, "code", "000000") == 401 {
				tried++
			}
		}
	}
	if tried != 100 {
		t.Errorf("%d codes of one account were tried in a moment, want the 100 of a day", tried)
	}
}
