package build_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
	"github.com/gate401/gate401/store"
)

// Whoever has a second factor, or needs one, is not let in by the password alone,
// whatever came before; unless the file says so.
func TestPasswordAlone(t *testing.T) {
	stores, err := build.InMemory(t.Context(), cases.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	hash, err := stores.Hasher.Hash(t.Context(), "a right password")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "people")
	if err := os.WriteFile(file, []byte("alice:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, groups := range map[string][]string{"alice": nil, "bob": nil, "root": {"admin"}} {
		a := store.Account{Name: name, Groups: groups}
		a.SetPassword(hash, cases.Clock())
		if _, err := stores.Set.Accounts.CreateAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	public, _ := url.Parse("http://127.0.0.1:8401")
	var before *build.System
	reasons := func(file string) map[string]reason.Code {
		t.Helper()
		cfg := load(t, "storage: {records: memory}\nrules: [{path: /x, methods: [password]}]\n"+file)
		system, err := build.New(cfg, stores, build.Options{PublicURL: public, Before: before, Now: cases.Clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = system.Close() })
		before = system
		got := map[string]reason.Code{}
		for _, name := range []string{"alice", "bob", "root"} {
			hr := httptest.NewRequest(http.MethodGet, "/x", nil)
			hr.SetBasicAuth(name, "a right password")
			_, d := system.Gate.Judge(hr)
			got[name] = d.Reason()
			// What the password opened before ends where it would not be opened now.
			var denial *gate401.Denial
			open := reason.Code("")
			if err := system.Standing(t.Context(), &gate401.Identity{Subject: name, Method: "basic", Name: "password"}, cases.Clock()); errors.As(err, &denial) {
				open = denial.Reason
			} else if err != nil {
				t.Error(err)
			}
			if open != got[name] {
				t.Errorf("%s: a stream is %q, a request %q", name, open, got[name])
			}
		}
		return got
	}
	const both = "methods: {browser: {type: session}, password: {type: basic}}\n"
	weak := reason.AuthenticationTooWeak
	check := func(when, file string, alice, bob, root reason.Code) {
		t.Helper()
		if got := reasons(file); got["alice"] != alice || got["bob"] != bob || got["root"] != root {
			t.Errorf("%s: %v", when, got)
		}
	}
	check("nobody has one", both, "", "", "")
	f, err := stores.Set.Factors.PutSecondFactor(t.Context(), store.SecondFactor{Account: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	check("bob has begun to set one up", both, "", "", "")
	f.Confirmed = cases.Clock()
	if _, err := stores.Set.Factors.PutSecondFactor(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	check("bob has one", both, "", weak, "")
	check("of a group", both+"login: {second_factor_groups: [admin]}\n", "", weak, weak)
	check("of everybody", both+"login: {second_factor: required}\n", weak, weak, weak)
	check("not of everybody any more", both, "", weak, "")
	check("the password alone", "methods: {browser: {type: session}, password: {type: basic, password_alone: true}}\nlogin: {second_factor: required}\n", "", "", "")
	check("nobody logs in", "methods: {password: {type: basic}}\n", "", "", "")
	check("people of a file log in", "methods: {browser: {type: session, htpasswd: "+file+"}, password: {type: basic}}\n", "", "", "")
	if err := stores.Set.Factors.DeleteSecondFactor(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	check("bob has taken it away", both, "", "", "")
}
