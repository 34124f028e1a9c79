package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error())
		code = 1
	}
	os.Exit(code)
}

// newClient is the public client of a server.
func newClient(t *testing.T, s *oauthtest.Server) *oauth.Client {
	t.Helper()
	found, err := oauth.Discover(t.Context(), nil, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &oauth.Client{Server: found, ID: "public"}
}

// login logs in with a browser that says yes.
func login(t *testing.T, c *oauth.Client) (tokens oauth.Tokens, page string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pages := make(chan string, 1)
	tokens, err = c.Browser(ctx, func(address string) {
		go func() {
			_, body, err := oauthtest.Approve(ctx, address)
			if err != nil {
				body = err.Error()
			}
			pages <- body
		}()
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		page = <-pages
	}
	return tokens, page, err
}

func codeOf(err error) string {
	var e *oauth.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
