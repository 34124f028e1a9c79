package login_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/reason"
)

func TestLogout(t *testing.T) {
	h := newHouse(t)
	h.logIn()
	secret := h.jar["__Host-g401"]
	if w := h.open("/auth/logout"); w.Code != 200 || !strings.Contains(w.Body.String(), "Alice Adler") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w := h.open("/orders"); w.Code != 200 {
		t.Errorf("the question alone logs out: %d", w.Code)
	}
	w := h.post("/auth/logout")
	if w.Code != 200 || w.Header().Get("Clear-Site-Data") != `"cache", "storage"` || !strings.Contains(w.Body.String(), "You are logged out") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
	}
	if !slices.ContainsFunc(w.Header()["Set-Cookie"], func(c string) bool {
		return strings.HasPrefix(c, "__Host-g401=; Path=/; Max-Age=0; HttpOnly; Secure")
	}) {
		t.Errorf("%q", w.Header()["Set-Cookie"])
	}
	h.jar["__Host-g401"] = secret
	if w := h.open("/orders"); w.Code != 401 || h.last().Reason() != reason.SessionRevoked {
		t.Errorf("the session goes on: %d %s", w.Code, h.last().Reason())
	}
	// Once more, with a session that is over and with none.
	for range 2 {
		if w := h.post("/auth/logout"); w.Code != 200 {
			t.Errorf("%d", w.Code)
		}
	}
	h.logIn()
	if w := h.do(http.MethodPost, "/auth/logout", nil); w.Code != 204 || h.jar["__Host-g401"] != "" {
		t.Errorf("a program: %d", w.Code)
	}
	h.logIn()
	if w := h.post("/auth/logout", "return_to", "/bye?x=1"); w.Code != 303 || w.Header().Get("Location") != "/bye?x=1" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := h.post("/auth/logout", "return_to", "//evil.example"); w.Code != 200 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestLogoutEverywhere(t *testing.T) {
	h := newHouse(t)
	h.Account = "/auth/account"
	h.logIn()
	phone := h.jar["__Host-g401"]
	h.jar = map[string]string{}
	h.logIn()
	w := h.post("/auth/logout", "everywhere", "1")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "All your sessions are over") {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	h.jar["__Host-g401"] = phone
	if w := h.open("/orders"); w.Code != 401 {
		t.Errorf("the phone goes on: %d", w.Code)
	}
	// A cookie that is not good any more ends nobody's sessions.
	h.jar = map[string]string{}
	h.logIn()
	good := h.jar["__Host-g401"]
	h.jar["__Host-g401"] = phone
	// Nor is anybody told that it did, who would then leave the phone to whoever
	// has it.
	for range 2 { // the second time without a cookie
		w := h.post("/auth/logout", "everywhere", "1")
		if body := w.Body.String(); w.Code != 401 || strings.Contains(body, "are over") || !strings.Contains(body, "To log out everywhere") || !strings.Contains(body, `value="/auth/account"`) {
			t.Errorf("%d\n%s", w.Code, body)
		}
		if _, kept := h.jar["__Host-g401"]; kept || w.Header().Get("Clear-Site-Data") == "" {
			t.Errorf("this browser was not logged out: %v", w.Header())
		}
	}
	if w := h.do(http.MethodPost, "/auth/logout", url.Values{"everywhere": {"1"}}); w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program: %d %v", w.Code, w.Header())
	}
	h.jar["__Host-g401"] = good
	if w := h.open("/orders"); w.Code != 200 {
		t.Errorf("a dead cookie has ended all sessions: %d", w.Code)
	}
}

func TestMe(t *testing.T) {
	h := newHouse(t)
	if w := h.do(http.MethodGet, "/auth/me", nil); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := h.open("/auth/me"); w.Code != 401 || !strings.Contains(w.Body.String(), `value="/auth/me"`) {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	h.logIn()
	var me login.Me
	w := h.do(http.MethodGet, "/auth/me", nil, "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty")
	if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil || me.Subject != "alice" || me.Display != "Alice Adler" || !slices.Equal(me.Groups, []string{"admin"}) || me.AuthTime != noon.Unix() {
		t.Errorf("%+v, %v", me, err)
	}
	if strings.Contains(w.Body.String(), h.jar["__Host-g401"]) {
		t.Error("the secret is in the answer")
	}
	a, err := h.set.Accounts.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	a.Suspended = true
	if _, err := h.set.Accounts.UpdateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if w := h.do(http.MethodGet, "/auth/me", nil); w.Code != 403 || h.last().Reason() != reason.AccountSuspended {
		t.Errorf("suspended: %d %s", w.Code, h.last().Reason())
	}
	if w := h.post("/auth/logout"); w.Code != 200 {
		t.Errorf("somebody who is suspended cannot log out: %d", w.Code)
	}
}
