package world_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

// Every fault strikes as often as it is told, does what it says, and leaves the
// login as it says: after it, the old or the new refresh token works.
func TestRefreshFaults(t *testing.T) {
	const (
		oldWorks = "the old refresh token"
		newWorks = "the new refresh token"
		gone     = "nothing"
	)
	for _, test := range []struct {
		fault  string
		status int
		reason reason.Code
		says   string // in the body
		left   string
	}{
		{world.RefreshError, 500, "", "server_error", oldWorks},
		{world.RefreshUnavailable, 503, "", "temporarily_unavailable", oldWorks},
		{world.RefreshRateLimited, 429, reason.RateLimited, "slow_down", oldWorks},
		{world.RefreshTimeout, 0, "", "", oldWorks},
		{world.RefreshInvalidGrant, 400, reason.RefreshTokenRevoked, `"invalid_grant"`, oldWorks},
		{world.RefreshUnauthorizedGrant, 401, reason.RefreshTokenRevoked, `"invalid_grant"`, oldWorks},
		{world.RefreshLost, 0, "", "", gone},
		{world.RefreshStillRefused, 200, "", "access_token", newWorks},
		{world.RefreshSameAccess, 200, "", "access_token", newWorks},
		{world.RefreshSameRefresh, 200, "", "refresh_token", gone},
		{world.RefreshNoExpires, 200, "", "access_token", newWorks},
		{world.RefreshExpiresString, 200, "", `"expires_in":"300"`, newWorks},
		{world.RefreshHTML, 500, "", "<!doctype html>", oldWorks},
		{world.RefreshHTMLOK, 200, "", "<!doctype html>", oldWorks},
		{world.RefreshWrongContentType, 200, "", "access_token", newWorks},
		{world.RefreshEmpty, 200, "", "", oldWorks},
		{world.RefreshNoAccess, 200, "", "token_type", oldWorks},
		{world.RefreshTokenTypeOther, 200, "", `"mac"`, newWorks},
		{world.RefreshTokenTypeLower, 200, "", `"bearer"`, newWorks},
	} {
		t.Run(test.fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, world.Settings{Refresh: world.Refresh{Fault: test.fault, Times: 1}})
				access, refresh := b.login(t, "one")
				a := b.renew(t, "one", refresh)
				if a.cut != (test.status == 0) {
					t.Fatalf("cut %t, status %d", a.cut, a.status)
				}
				if !a.cut {
					want(t, a, test.status, test.reason)
				}
				if !strings.Contains(a.body, test.says) || test.says == "" && a.body != "" {
					t.Errorf("body %s, want %s in it", a.body, test.says)
				}
				if e := b.journal.Entries(journal.Filter{}); e[len(e)-1].Fault != test.fault || e[len(e)-1].Session != "one" {
					t.Errorf("the journal says %q of %q", e[len(e)-1].Fault, e[len(e)-1].Session)
				}
				switch test.fault {
				case world.RefreshStillRefused:
					want(t, b.get(t, "one", a.text("access_token")), 401, reason.TokenRevoked)
				case world.RefreshSameAccess:
					if a.text("access_token") != access {
						t.Error("another access token")
					}
				case world.RefreshNoExpires:
					if _, there := a.fields["expires_in"]; there {
						t.Error("expires_in is there")
					}
				case world.RefreshWrongContentType:
					if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
						t.Errorf("type %q", got)
					}
				case world.RefreshSameRefresh:
					if a.text("refresh_token") != refresh {
						t.Error("another refresh token")
					}
				}
				// The fault has struck once.
				if test.left == newWorks {
					refresh = a.text("refresh_token")
				}
				again := b.renew(t, "one", refresh)
				if test.left == gone {
					want(t, again, 400, reason.RefreshTokenReused)
					return
				}
				want(t, again, 200, "")
				want(t, b.get(t, "one", again.text("access_token")), 200, "")
			})
		})
	}
}

// On the wire a lost answer is a connection that ends, after the work was done.
func TestLostOnTheWire(t *testing.T) {
	b := newBench(t, world.Settings{Refresh: world.Refresh{Fault: world.RefreshLost, Times: 1}})
	server := httptest.NewServer(b.handler)
	defer server.Close()
	_, refresh := b.login(t, "one")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Post(server.URL+"/s/one/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=refresh_token&refresh_token="+refresh))
	if err == nil {
		r.Body.Close()
		t.Fatalf("an answer came: %s", r.Status)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("%v, want EOF", err)
	}
	want(t, b.renew(t, "one", refresh), 400, reason.RefreshTokenReused)
}

// A command can bring about the same faults as the settings.
func TestSameAccessOnCommand(t *testing.T) {
	b := newBench(t, world.Settings{})
	access, refresh := b.login(t, "one")
	b.command(t, "one", world.Command{Do: world.DoFailNextRefresh, Fault: world.RefreshSameAccess})
	if got := b.renew(t, "one", refresh).text("access_token"); got != access {
		t.Errorf("another access token")
	}
}

func TestEveryFaultIsTested(t *testing.T) {
	b := newBench(t, world.Settings{Refresh: world.Refresh{Fault: world.RefreshError}})
	_, refresh := b.login(t, "one")
	for range 3 {
		want(t, b.renew(t, "one", refresh), 500, "")
	}
	if n := len(world.RefreshFaults()); n != 19 {
		t.Errorf("%d faults: extend TestRefreshFaults", n)
	}
}

func TestRefreshPolicies(t *testing.T) {
	for _, test := range []struct {
		name    string
		refresh world.Refresh
		after   time.Duration
		first   reason.Code // of the first refresh token, used a second time
		newest  reason.Code // of the newest one, after that
	}{
		{"rotate", world.Refresh{}, 0, reason.RefreshTokenReused, reason.RefreshTokenRevoked},
		{"grace", world.Refresh{Grace: world.Duration(10 * time.Second)}, 10 * time.Second, "", ""},
		{"after the grace", world.Refresh{Grace: world.Duration(10 * time.Second)}, 11 * time.Second, reason.RefreshTokenReused, reason.RefreshTokenRevoked},
		{"rotate only", world.Refresh{Policy: world.PolicyRotateOnly}, 0, reason.RefreshTokenReused, ""},
		{"idle", world.Refresh{Idle: world.Duration(time.Minute)}, time.Hour, reason.RefreshTokenReused, reason.RefreshTokenRevoked},
		{"lost, with grace", world.Refresh{Grace: world.Duration(time.Minute), Fault: world.RefreshLost, Times: 1}, time.Second, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, world.Settings{Refresh: test.refresh})
			_, first := b.login(t, "one")
			second := b.renew(t, "one", first)
			b.advance(test.after)
			again := b.renew(t, "one", first)
			if again.reason != test.first {
				t.Errorf("first: %q, want %q", again.reason, test.first)
			}
			newest := second.text("refresh_token")
			if newest == "" {
				newest = again.text("refresh_token")
			}
			if got := b.renew(t, "one", newest).reason; got != test.newest {
				t.Errorf("newest: %q, want %q", got, test.newest)
			}
		})
	}
	t.Run("keep", func(t *testing.T) {
		b := newBench(t, world.Settings{Refresh: world.Refresh{Policy: world.PolicyKeep}})
		_, refresh := b.login(t, "one")
		for range 3 {
			a := b.renew(t, "one", refresh)
			want(t, a, 200, "")
			if _, there := a.fields["refresh_token"]; there {
				t.Error("the answer names a refresh token")
			}
		}
	})
}

func TestParallelRefresh(t *testing.T) {
	b := newBench(t, world.Settings{Refresh: world.Refresh{Grace: world.Duration(10 * time.Second)}})
	_, refresh := b.login(t, "one")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			a := b.renew(t, "one", refresh)
			if a.status != 200 || b.get(t, "one", a.text("access_token")).status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
}

// A slow answer takes as long as it says, and not longer than its client waits.
func TestSlowRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, world.Settings{Refresh: world.Refresh{Delay: world.Duration(3 * time.Second)}})
		_, refresh := b.login(t, "one")
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		hr := httptest.NewRequestWithContext(ctx, "POST", "/s/one/token", strings.NewReader("grant_type=refresh_token&refresh_token="+refresh))
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very value
					t.Errorf("it ended with %v, want a cut connection", p)
				}
			}()
			b.handler.ServeHTTP(httptest.NewRecorder(), hr)
		}()
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %s after the client was gone", took)
		}
		start = time.Now()
		want(t, b.renew(t, "one", refresh), http.StatusOK, "")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
