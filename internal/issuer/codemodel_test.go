package issuer_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
)

// modelCode is an authorization code in plain words.
type modelCode struct {
	text, client string
	ends         time.Time
	login        *modelLogin // nil until it is used
}

// modelLogin is what was made of a code.
type modelLogin struct {
	family  string
	revoked bool
	refresh string // the newest
	access  []string
}

// Whatever is done with codes in whatever order: a code gives tokens once, to who
// has all that belongs to it and within its minute; none without; a second use
// with all of it ends the login; and what was revoked never comes back.
func TestCodeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		s := coder(t, c, issuer.Policy{Access: time.Hour, Grace: -1})
		var codes []*modelCode
		pick := func(t *rapid.T) *modelCode {
			if len(codes) == 0 {
				t.Skip("no code was issued")
			}
			return codes[len(codes)-1-rapid.IntRange(0, min(3, len(codes)-1)).Draw(t, "age")]
		}
		t.Repeat(map[string]func(*rapid.T){
			"authorize": func(t *rapid.T) {
				client := rapid.SampledFrom([]string{"app", "two"}).Draw(t, "client")
				codes = append(codes, &modelCode{text: code(t, s, "client_id", client), client: client, ends: c.now().Add(issuer.DefaultCode)})
			},
			"authorize without PKCE": func(t *rapid.T) {
				bad := rapid.SampledFrom([][]string{
					{"code_challenge", ""}, {"code_challenge_method", ""}, {"code_challenge_method", "plain"}, {"code_challenge", verifier},
				}).Draw(t, "bad")
				if a, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish(bad...))); err == nil {
					t.Fatalf("granted: %+v", a)
				}
			},
			"redeem": func(t *rapid.T) {
				m := pick(t)
				r := redemption(m.text, m.client)
				want := reason.Code("")
				switch {
				case m.login != nil:
					want = reason.CodeReused
				case !c.now().Before(m.ends):
					want = reason.CodeExpired
				}
				switch wrong := rapid.SampledFrom([]string{"", "", "", "verifier", "redirect", "client", "code"}).Draw(t, "wrong"); wrong {
				case "verifier":
					r.Verifier, want = r.Verifier+"x", reason.CodeMismatch
				case "redirect":
					r.RedirectURI, want = r.RedirectURI+"2", reason.CodeMismatch
				case "client":
					r.Client, want = coders()["cli"], reason.CodeUnknown
				case "code":
					r.Code, want = r.Code+"x", reason.CodeUnknown
				}
				g, err := s.RedeemCode(t.Context(), r)
				if codeOf(err) != want || (g == nil) != (want != "") {
					t.Fatalf("redeeming: %v, %v, want %q", g, err, want)
				}
				switch want {
				case "":
					m.login = &modelLogin{family: g.Family, refresh: g.Refresh.Reveal(), access: []string{g.Access.Token}}
				case reason.CodeReused:
					m.login.revoked = true
				}
			},
			"refresh": func(t *rapid.T) {
				m := pick(t)
				if m.login == nil {
					t.Skip("not used yet")
				}
				want := reason.Code("")
				if m.login.revoked {
					want = reason.RefreshTokenRevoked
				}
				g, err := s.Redeem(t.Context(), issuer.Redemption{Token: m.login.refresh, Client: m.client})
				if codeOf(err) != want {
					t.Fatalf("renewing: %v, want %q", err, want)
				}
				if g != nil {
					if g.Family != m.login.family {
						t.Fatal("another login")
					}
					m.login.refresh = g.Refresh.Reveal()
					m.login.access = append(m.login.access, g.Access.Token)
				}
			},
			"revoke": func(t *rapid.T) {
				m := pick(t)
				if m.login == nil {
					t.Skip("not used yet")
				}
				if err := s.RevokeFamily(t.Context(), m.login.family, "test"); err != nil {
					t.Fatal(err)
				}
				m.login.revoked = true
			},
			"wait": func(*rapid.T) {
				c.advance(time.Duration(rapid.SampledFrom([]int{1, 10, 30, 59, 60}).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) {
				for _, m := range codes {
					if m.login == nil {
						continue
					}
					for _, text := range m.login.access {
						got := status(t, s, text)
						if got == reason.TokenExpired {
							continue
						}
						if (got == reason.TokenRevoked) != m.login.revoked {
							t.Fatalf("an access token is %q, revoked %v", got, m.login.revoked)
						}
					}
				}
			},
		})
	})
}
