package login_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web"
	"github.com/gate401/gate401/web/browsertest"
)

// The pages that take more than a name and a password to come to.
func TestLook(t *testing.T) {
	h := newHouse(t)
	h.clock = time.Now() // the browser has a clock of its own
	h.Providers = []login.Provider{{Name: "corp", Label: "Corporate login", URL: "/auth/login/corp"}, {Name: "hub", Label: "Hub", URL: "/auth/login/hub"}}
	h.Required = func(a store.Account) bool { return a.Name == "alice" }
	h.Help = "Ask Kim at the front desk, extension 12."
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/auth/problems/-/"); ok {
			web.Serve(w, r, name)
			return
		}
		h.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	p := browsertest.Start(t).Tab(t)
	try := func(name, password string) {
		p.Fill("username", name)
		p.Fill("password", password)
		p.Submit(`button[type="submit"]`)
	}
	p.Open(site.URL + "/orders/42")
	p.Look("providers")
	try("alice", rightPassword)
	p.Look("required")
	try("mallory", rightPassword)
	p.Look("suspended")
	try("bob", rightPassword)
	p.Look("code")
	p.Fill("code", "000000")
	p.Submit(`button.first`)
	p.Wait(`document.activeElement.id === "code"`)
	p.Click("summary")
	p.Look("code-wrong")
	p.Fill("recovery", "123456")
	p.Submit("details button")
	if got := browsertest.JS[string](p, `document.body.innerText + location.pathname`); got != "the site/orders/42" {
		t.Errorf("%s", got)
	}
	p.Open(site.URL + "/auth/logout")
	p.Submit("button.first")
	p.Open(site.URL + "/orders/42")
	for range 40 {
		try("carol", "x")
		if strings.Contains(browsertest.JS[string](p, `document.body.innerText`), "Try again in ") {
			p.Look("limited")
			return
		}
	}
	t.Error("forty guesses, and no limit")
}
