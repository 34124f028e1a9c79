package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// BenchmarkSign is the bare signature of a token, which the others are measured
// by.
func BenchmarkSign(b *testing.B) {
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Issue(token.Grant{Issuer: "https://issuer.example", Subject: "nightly", Audience: []string{"orders"}}); err != nil {
			b.Fatal(err)
		}
	}
}

// benchServer is a server over a store, by the clock of the machine.
func benchServer(b *testing.B, name string) *server {
	b.Helper()
	s := &server{clock: &clock{at: time.Now()}, set: sets(b, time.Now)[name]}
	s.issuer = newIssuer(b, s.set, time.Now, issuer.Policy{})
	s.issuer.Tickets, s.issuer.Accounts = s.set.Tickets, s.set.Accounts
	s.desk = issuer.Desk{Issuer: s.issuer, Auth: issuer.ClientAuth{Clients: s.set.Clients}}
	s.tokens = &issuer.TokenEndpoint{Desk: s.desk, Grants: issuer.Grants()}
	s.client(b, store.Client{ID: "nightly", Scopes: []string{"orders:read"}})
	return s
}

func (s *server) send(b *testing.B, form url.Values) string {
	b.Helper()
	hr := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(form.Encode()))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hr.SetBasicAuth("nightly", url.QueryEscape("secret of nightly"))
	w := httptest.NewRecorder()
	if s.tokens.ServeHTTP(w, hr); w.Code != http.StatusOK {
		b.Fatal(w.Code, w.Body)
	}
	return w.Body.String()
}

// BenchmarkIssue is a whole token request by client credentials.
func BenchmarkIssue(b *testing.B) {
	for _, name := range []string{"memory", "sqlite"} {
		b.Run(name, func(b *testing.B) {
			s := benchServer(b, name)
			b.ReportAllocs()
			for b.Loop() {
				s.send(b, machine)
			}
		})
	}
}

// BenchmarkRefresh is a whole token request by a refresh token, which is rotated.
func BenchmarkRefresh(b *testing.B) {
	for _, name := range []string{"memory", "sqlite"} {
		b.Run(name, func(b *testing.B) {
			s := benchServer(b, name)
			if _, err := s.set.Accounts.CreateAccount(b.Context(), store.Account{Name: "alice"}); err != nil {
				b.Fatal(err)
			}
			first, err := s.issuer.Login(b.Context(), issuer.Login{Subject: "alice", Client: "nightly", Scopes: []string{"orders:read"}})
			if err != nil {
				b.Fatal(err)
			}
			refresh := first.Refresh.Reveal()
			b.ReportAllocs()
			for b.Loop() {
				body := s.send(b, url.Values{"grant_type": {issuer.GrantRefreshToken}, "refresh_token": {refresh}})
				_, rest, _ := strings.Cut(body, `"refresh_token":"`)
				refresh, _, _ = strings.Cut(rest, `"`)
			}
		})
	}
}
