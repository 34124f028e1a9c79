package issuer_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gate401/gate401/internal/issuer"
)

// Whatever is sent, it is read without a panic, printed to what reads the same,
// and judged: granted to a registered address with PKCE, or refused to somebody
// who may be told.
func FuzzAsk(f *testing.F) {
	for _, v := range []url.Values{
		wish(), wish("prompt", "login consent"), wish("max_age", "0"), wish("max_age", "2147483647"), wish("g401_after", "1772366400"),
		wish("client_id", "cli", "redirect_uri", "http://127.0.0.1:1/cb"), wish("resource", "https://api.example/a", "acr_values", "1 2", "login_hint", "a@b"),
		wish("request", "x"), wish("scope", "  a  b a "),
	} {
		f.Add(v.Encode())
	}
	f.Add("client_id=app&client_id=app")
	f.Add("client_id=cli&redirect_uri=http://127.0.0.1:80@evil.example/cb")
	f.Add("client_id=cli&redirect_uri=http://127.0.0.1:1.evil.example/cb")
	f.Add("state=%00%0d%0aLocation:x")
	s := coder(f, newClock(), issuer.Policy{})
	registered := coders()
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		ask := issuer.ReadAsk(values)
		again := issuer.ReadAsk(ask.Values())
		// What could not be read is not printed; what could is read the same.
		if diff := cmp.Diff(ask, again, cmpopts.IgnoreUnexported(issuer.Ask{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("printed and read again:\n%s", diff)
		}
		a, err := s.Authorize(t.Context(), registered, ask)
		var refused *issuer.AskError
		switch {
		case err == nil:
			if a.Ask.ChallengeMethod != "S256" || len(a.Ask.Challenge) != 43 || issuer.CheckRedirect(a.Redirect) != nil {
				t.Fatalf("granted: %+v", a)
			}
			safe(t, s.Answer(a, "CODE"))
		case errors.As(err, &refused):
			if to := s.Tell(refused); to != "" {
				safe(t, to)
			}
		case ask.Client != "away":
			t.Fatalf("could not be judged: %v", err)
		}
	})
}

// safe makes sure that an address leads to a registered place and fits in a field
// of a response.
func safe(t *testing.T, to string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	switch host := u.Hostname(); {
	case u.Scheme == "com.example.app" && u.Host == "":
	case u.Scheme == "https" && u.Host == "app.example":
	case u.Scheme == "http" && (host == "127.0.0.1" || host == "::1" || u.Host == "localhost:9"):
	default:
		t.Fatalf("leads to %s", to)
	}
	for i := range len(to) {
		if to[i] <= ' ' || to[i] > '~' {
			t.Fatalf("octet %#x in %q", to[i], to)
		}
	}
}
