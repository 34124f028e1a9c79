package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// deed is something that is asked of a gate that may be killed meanwhile.
type deed struct {
	name string
	// do asks it once, and tells whether it was answered that it is done.
	do func(at *gate) (done bool)
	// check looks at what is left of it in a gate that lives. It tells what is
	// wrong.
	check func(at *gate, done bool) string
}

// works prepares deeds of all kinds.
type works struct {
	*gate
	secret string  // of the client shop, which people are not asked about
	owner  *person // logged in
}

// try sends a form of the client; a gate that is killed answers with nothing.
func (w *works) try(at *gate, path string, form url.Values) answer {
	a, err := at.tryPost(path, "shop", w.secret, form)
	if err != nil {
		return answer{}
	}
	return a
}

func (w *works) code() (code, verifier string) {
	w.t.Helper()
	code, verifier, err := w.owner.code(w.gate, "shop", "offline_access orders:read")
	if err != nil {
		w.t.Fatal(err)
	}
	return code, verifier
}

func (w *works) login() login {
	w.t.Helper()
	code, verifier := w.code()
	a := w.try(w.gate, "/auth/token", exchange(code, verifier))
	if a.status != http.StatusOK {
		w.t.Fatalf("a login: %d %s", a.status, a.body)
	}
	return granted(a)
}

// over is what a refusal for good says, or what is said instead.
func over(a answer) string {
	if a.status == http.StatusBadRequest && a.member("error") == "invalid_grant" {
		return ""
	}
	return fmt.Sprintf("it is answered %d %s", a.status, a.body)
}

// dead waits until the gate refuses a credential: one that did not revoke it
// itself looks into the records now and then.
func dead(at *gate, name, value string) (wrong string) {
	for deadline := time.Now().Add(program.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		hr, err := http.NewRequest(http.MethodGet, at.url+"/orders", nil)
		if err != nil {
			return err.Error()
		}
		hr.Header.Set(name, value)
		a, err := ask(hr)
		if err == nil && a.status == http.StatusUnauthorized && strings.HasSuffix(a.member("code"), "-revoked") {
			return ""
		}
		wrong = fmt.Sprintf("it is answered %d %s %v", a.status, a.member("code"), err)
	}
	return wrong
}

// redeem is a code that is exchanged. Whoever got an answer keeps what it gave; and
// nobody gets another one. A code that is contested was sent twice, which ends what
// it gave.
func (w *works) redeem(contested bool) deed {
	code, verifier := w.code()
	var mu sync.Mutex
	var got []login
	return deed{"a code", func(at *gate) bool {
		a := w.try(at, "/auth/token", exchange(code, verifier))
		if a.status == http.StatusOK {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, granted(a))
		}
		return a.status == http.StatusOK
	}, func(at *gate, done bool) string {
		if len(got) > 1 {
			return "two got tokens"
		}
		if !done {
			// It was used, or it was not; then it is good once.
			if a := w.try(at, "/auth/token", exchange(code, verifier)); a.status != http.StatusOK {
				return over(a)
			}
		} else if a := at.call("/orders", got[0].access); a.status != http.StatusOK && !contested {
			return fmt.Sprintf("what it gave is answered %d %s", a.status, a.body)
		}
		return over(w.try(at, "/auth/token", exchange(code, verifier)))
	}}
}

// renew is a refresh token that is exchanged, where the grace is over at once.
func (w *works) renew() deed {
	old := w.login().refresh
	var next login
	return deed{"a refresh token", func(at *gate) bool {
		a := w.try(at, "/auth/token", renewal(old))
		next = granted(a)
		return a.status == http.StatusOK
	}, func(at *gate, done bool) string {
		if !done {
			a := w.try(at, "/auth/token", renewal(old))
			if a.status != http.StatusOK {
				return over(a)
			}
			next = granted(a)
			time.Sleep(5 * time.Millisecond) // the grace
		} else if a := w.try(at, "/auth/token", renewal(next.refresh)); a.status != http.StatusOK {
			return fmt.Sprintf("what it gave is answered %d %s", a.status, a.body)
		}
		if wrong := over(w.try(at, "/auth/token", renewal(old))); wrong != "" {
			return wrong
		}
		return over(w.try(at, "/auth/token", renewal(next.refresh))) // the login is over
	}}
}

// repeat is a refresh token that is exchanged, where the grace lasts: no answer
// that gets lost costs the login.
func (w *works) repeat() deed {
	old := w.login().refresh
	return deed{"a refresh token within the grace", func(at *gate) bool {
		return w.try(at, "/auth/token", renewal(old)).status == http.StatusOK
	}, func(at *gate, _ bool) string {
		a := w.try(at, "/auth/token", renewal(old))
		if a.status == http.StatusOK {
			a = at.call("/orders", granted(a).access)
		}
		if a.status != http.StatusOK {
			return fmt.Sprintf("it is answered %d %s", a.status, a.body)
		}
		return ""
	}}
}

// revoke is a token that its client revokes.
func (w *works) revoke(refresh bool) deed {
	l := w.login()
	name, token := "the revocation of an access token", l.access
	if refresh {
		name, token = "the revocation of a refresh token", l.refresh
	}
	return deed{name, func(at *gate) bool {
		return w.try(at, "/auth/revoke", form("token", token)).status == http.StatusOK
	}, func(at *gate, done bool) string {
		switch {
		case !done:
			return ""
		case refresh:
			if wrong := over(w.try(at, "/auth/token", renewal(l.refresh))); wrong != "" {
				return wrong
			}
		}
		return dead(at, "Authorization", "Bearer "+l.access)
	}}
}

// command is a token that is revoked by command, which is killed too.
func (w *works) command(ctx context.Context) deed {
	l := w.login()
	return deed{"a revocation by command", func(*gate) bool {
		cmd := exec.CommandContext(ctx, binary, "token", "revoke", "-")
		cmd.Dir, cmd.Stdin = w.dir, strings.NewReader(l.refresh+"\n")
		out, _ := cmd.Output()
		return strings.Contains(string(out), "revoked")
	}, func(at *gate, done bool) string {
		if !done {
			return ""
		}
		if wrong := over(w.try(at, "/auth/token", renewal(l.refresh))); wrong != "" {
			return wrong
		}
		return dead(at, "Authorization", "Bearer "+l.access)
	}}
}

// logout is a session that its person ends.
func (w *works) logout() deed {
	p := w.person()
	if away, page := p.goes(w.url + "/orders"); away != nil || page != "hello alice" {
		w.t.Fatalf("%v\n%s", away, page)
	}
	return deed{"a logout", func(at *gate) bool {
		_, _, page, err := p.posts(at.url+"/auth/logout", url.Values{})
		return err == nil && strings.Contains(page, "You are logged out")
	}, func(at *gate, done bool) string {
		if !done {
			return ""
		}
		_, _, page, err := p.opens(at.url + "/orders")
		if err != nil || !strings.Contains(page, `name="password"`) {
			return fmt.Sprintf("the person sees %v\n%s", err, page)
		}
		return ""
	}}
}

var shownKey = regexp.MustCompile(`g401_\w+`)

// key is an API key that its owner revokes.
func (w *works) key() deed {
	_, _, page, err := w.owner.opens(w.url + "/auth/account/keys/new")
	id := ""
	for _, tag := range inputs.FindAllString(page, -1) {
		if attribute(tag, "name") == "id" {
			id = attribute(tag, "value")
		}
	}
	if err != nil || id == "" {
		w.t.Fatalf("no form for a key: %v\n%s", err, page)
	}
	_, _, page, err = w.owner.posts(w.url+"/auth/account/keys/new", form("id", id, "name", "killed", "expires", "30", "scope", "orders:read"))
	value := shownKey.FindString(page)
	if err != nil || value == "" {
		w.t.Fatalf("no key: %v\n%s", err, page)
	}
	return deed{"the revocation of a key", func(at *gate) bool {
		at1, _, page, err := w.owner.posts(at.url+"/auth/account/keys/revoke", form("id", id))
		return err == nil && at1.Path == "/auth/account" && strings.Contains(page, "Your API keys")
	}, func(at *gate, done bool) string {
		if !done {
			return ""
		}
		return dead(at, "X-API-Key", value)
	}}
}

// all asks everything at once, of the gates by turns, and returns when each has
// been answered or refused.
func all(t *testing.T, deeds []deed, gates []*gate) (wait func() []bool) {
	t.Helper()
	done := make([]bool, len(deeds))
	var group sync.WaitGroup
	for i, d := range deeds {
		at := gates[i%len(gates)]
		group.Go(func() { done[i] = d.do(at) })
	}
	return func() []bool {
		group.Wait()
		return done
	}
}
