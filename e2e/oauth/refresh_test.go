package oauth_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401/e2e/program"
)

// login is what a client got for a person.
type login struct{ access, refresh string }

func granted(a answer) login {
	return login{a.member("access_token"), a.member("refresh_token")}
}

// code is an authorization code for the client, and its verifier.
func (p *person) code(g *gate, client, scope string) (code, verifier string, err error) {
	verifier = oauth2.GenerateVerifier()
	away, page, err := p.tries(g.url + "/auth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "scope": {scope}, "state": {rand.Text()},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}.Encode())
	if err != nil {
		return "", "", err
	}
	if away == nil || away.Query().Get("code") == "" {
		p.t.Fatalf("nobody was sent back with a code: %v\n%s", away, page)
	}
	return away.Query().Get("code"), verifier, nil
}

func exchange(code, verifier string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {callback}}
}

func renewal(refresh string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
}

// login logs alice in.
func (g *gate) login(client string) login {
	g.t.Helper()
	code, verifier, err := g.person().code(g, client, "offline_access orders:read")
	if err != nil {
		g.t.Fatal(err)
	}
	a := g.post("/auth/token", client, "", exchange(code, verifier))
	if a.status != http.StatusOK {
		g.t.Fatalf("%d %s", a.status, a.body)
	}
	return granted(a)
}

// logged tells whether a line of the log has all of that.
func (g *gate) logged(words ...string) bool {
	for line := range strings.Lines(g.Stderr.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}

// Twenty tabs renew with one refresh token at the same moment: each gets tokens of
// its own, and all of them work.
func TestTwentyRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	t.Run("one process", func(t *testing.T) { twenty(t, g) })
	// Half of them come to another process on the same file.
	w := fixed(t, "")
	w.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	t.Run("two processes", func(t *testing.T) { twenty(t, w.gate, w.second()) })
}

func twenty(t *testing.T, gates ...*gate) {
	g := gates[0]
	first := g.login("app")
	answers := make([]answer, 20)
	errs := make([]error, len(answers))
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i], errs[i] = gates[i%len(gates)].tryPost("/auth/token", "app", "", renewal(first.refresh))
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for i, a := range answers {
		if errs[i] != nil || a.status != http.StatusOK {
			t.Fatalf("%v: %d %s", errs[i], a.status, a.body)
		}
		got := granted(a)
		if seen[got.access] || seen[got.refresh] {
			t.Error("two got the same token")
		}
		seen[got.access], seen[got.refresh] = true, true
		if a := gates[(i+1)%len(gates)].call("/orders", got.access); a.body != "hello alice" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	for i, a := range answers {
		if next := gates[(i+1)%len(gates)].post("/auth/token", "app", "", renewal(granted(a).refresh)); next.status != http.StatusOK {
			t.Errorf("the next renewal: %d %s", next.status, next.body)
		}
	}
	for _, g := range gates {
		if g.logged("refresh-token-reused") {
			t.Error("the log says that a token was reused")
		}
	}
}

// An answer that got lost costs nothing: the same refresh token again, within the
// grace. After the grace it is a theft, and all of the login is over.
func TestRefreshAgain(t *testing.T) {
	t.Parallel()
	// Long enough for whatever this machine does meanwhile.
	patient := serve(t, "issuer: {refresh: {grace: 5m}}\n")
	patient.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	lost := patient.login("app")
	for range 3 {
		a := patient.post("/auth/token", "app", "", renewal(lost.refresh))
		if a.status != http.StatusOK {
			t.Fatalf("within the grace: %d %s", a.status, a.body)
		}
		if a := patient.call("/orders", granted(a).access); a.body != "hello alice" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}

	g := serve(t, "issuer: {refresh: {grace: 1ms}}\n")
	g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	first, other := g.login("app"), g.login("app")
	second := granted(g.post("/auth/token", "app", "", renewal(first.refresh)))
	if a := g.call("/orders", second.access); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// What is open ends with the login.
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Authorization", "Bearer "+second.access)
	stream, err := (&http.Client{}).Do(hr)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", stream, err)
	}
	defer func() { _ = stream.Body.Close() }()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, stream.Body)
		close(ended)
	}()
	time.Sleep(10 * time.Millisecond)
	select {
	case <-ended:
		t.Fatal("the stream ended by itself")
	default:
	}
	a := g.post("/auth/token", "app", "", renewal(first.refresh))
	if a.status != http.StatusBadRequest || a.member("error") != "invalid_grant" {
		t.Fatalf("a replay after the grace: %d %s", a.status, a.body)
	}
	answered := time.Now()
	for _, token := range []string{first.access, second.access} {
		if a := g.call("/orders", token); a.status != http.StatusUnauthorized || a.member("code") != "token-revoked" {
			t.Errorf("an access token of the login, %s later: %d %s", time.Since(answered), a.status, a.body)
		}
	}
	for _, token := range []string{first.refresh, second.refresh} {
		if a := g.post("/auth/token", "app", "", renewal(token)); a.member("error") != "invalid_grant" {
			t.Errorf("a refresh token of the login: %d %s", a.status, a.body)
		}
	}
	select {
	case <-ended:
	case <-time.After(program.Patience):
		t.Error("an open stream goes on")
	}
	soon(t, "the log says so", func() bool { return g.logged("refresh-token-reused", a.header.Get("X-Request-Id")) })
	// The other login of the same person at the same client is another one.
	if a := g.call("/orders", other.access); a.status != http.StatusOK {
		t.Errorf("another login: %d %s", a.status, a.body)
	}
}
