package world_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

func TestCommands(t *testing.T) {
	for _, test := range []struct {
		name    string
		do      world.Command
		access  reason.Code // of the token from before
		refresh int         // status of a refresh with the token from before
		then    reason.Code // of the access token that it gives
	}{
		{"expire", world.Command{Do: world.DoExpireAccessTokens}, reason.TokenExpired, 200, ""},
		{"revoke access", world.Command{Do: world.DoRevokeAccessTokens}, reason.TokenRevoked, 200, ""},
		{"revoke everybody", world.Command{Do: world.DoRevokeFamily}, reason.TokenRevoked, 400, ""},
		{"revoke alice", world.Command{Do: world.DoRevokeFamily, Name: "alice"}, reason.TokenRevoked, 400, ""},
		{"revoke bob", world.Command{Do: world.DoRevokeFamily, Name: "bob"}, "", 200, ""},
		{"rotate keys", world.Command{Do: world.DoRotateKeys}, "", 200, ""},
		{"forget keys", world.Command{Do: world.DoForgetKeys}, reason.TokenKeyUnknown, 200, ""},
		{"advance", world.Command{Do: world.DoAdvanceClock, By: world.Duration(time.Hour)}, reason.TokenExpired, 200, ""},
		{"go back", world.Command{Do: world.DoAdvanceClock, By: world.Duration(-time.Hour)}, reason.TokenNotYetValid, 200, ""},
		{"advance a year", world.Command{Do: world.DoAdvanceClock, By: world.Duration(365 * 24 * time.Hour)}, reason.TokenExpired, 400, ""},
		{"fail", world.Command{Do: world.DoFailNextRefresh}, "", 500, ""},
		{"fail with 429", world.Command{Do: world.DoFailNextRefresh, Fault: world.RefreshRateLimited}, "", 429, ""},
		{"refuse", world.Command{Do: world.DoRefuseNext, Reason: reason.TokenInactive}, reason.TokenInactive, 200, ""},
		{"refuse twice", world.Command{Do: world.DoRefuseNext, Times: 2}, reason.TokenExpired, 200, reason.TokenExpired},
		{"suspend", world.Command{Do: world.DoSuspend, Name: "alice"}, reason.AccountSuspended, 400, ""},
		{"reset", world.Command{Do: world.DoReset}, reason.TokenRevoked, 400, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, world.Settings{})
			access, refresh := b.login(t, "one")
			other, _ := b.login(t, "two")
			b.command(t, "one", test.do)
			if got := b.get(t, "one", access); got.reason != test.access {
				t.Errorf("access token: %d %q, want %q", got.status, got.reason, test.access)
			}
			a := b.renew(t, "one", refresh)
			if a.status != test.refresh {
				t.Errorf("refresh: %d %s, want %d", a.status, a.body, test.refresh)
			}
			if a.status == 200 {
				if got := b.get(t, "one", a.text("access_token")); got.reason != test.then {
					t.Errorf("new access token: %d %q, want %q", got.status, got.reason, test.then)
				}
			}
			// What is done to one world is not done to another.
			want(t, b.get(t, "two", other), 200, "")
		})
	}
}

func TestCommandsThatMakeNoSense(t *testing.T) {
	b := newBench(t, world.Settings{})
	b.login(t, "one")
	w, err := b.Get("one")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []world.Command{
		{}, {Do: "resett"}, {Do: world.DoAdvanceClock}, {Do: world.DoAdvanceClock, By: 1 << 62},
		{Do: world.DoFailNextRefresh, Fault: "eror"}, {Do: world.DoRefuseNext, Reason: "token-expird"},
		{Do: world.DoRefuseNext, Reason: reason.RequestMalformed}, {Do: world.DoSuspend}, {Do: world.DoSuspend, Name: "eve"},
		{Do: world.DoRevokeFamily, Name: "eve"}, {Do: world.DoRefuseNext, Times: -1},
	} {
		if err := w.Do(t.Context(), c); !errors.Is(err, world.ErrCommand) {
			t.Errorf("%+v: %v, want %v", c, err, world.ErrCommand)
		}
	}
	for range 100 {
		_ = w.Do(t.Context(), world.Command{Do: world.DoAdvanceClock, By: world.Duration(10 * 365 * 24 * time.Hour)})
	}
	if year := w.Now().Year(); year > 2127 {
		t.Errorf("the year %d", year)
	}
}

func TestClock(t *testing.T) {
	hour := world.Duration(time.Hour)
	for _, test := range []struct {
		name  string
		clock world.Clock
		date  time.Duration // of the Date field, ahead of the machine
		want  reason.Code
	}{
		{"right", world.Clock{}, 0, ""},
		{"ahead", world.Clock{Offset: hour}, time.Hour, ""},
		{"behind", world.Clock{Offset: -hour}, -time.Hour, ""},
		{"Date alone", world.Clock{Date: -hour}, -time.Hour, ""},
		{"issuer ahead", world.Clock{Issuer: hour}, 0, reason.TokenNotYetValid},
		{"issuer behind", world.Clock{Issuer: -hour}, 0, reason.TokenExpired},
		{"issuer a little behind", world.Clock{Issuer: world.Duration(-time.Minute)}, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, world.Settings{Clock: test.clock})
			access, _ := b.login(t, "one")
			a := b.get(t, "one", access)
			if a.reason != test.want {
				t.Errorf("%q, want %q", a.reason, test.want)
			}
			at, err := http.ParseTime(a.header.Get("Date"))
			if err != nil || at.Sub(b.now()) != test.date {
				t.Errorf("Date is %s from now (%v), want %s", at.Sub(b.now()), err, test.date)
			}
		})
	}
	b := newBench(t, world.Settings{Clock: world.Clock{Frozen: true}})
	access, _ := b.login(t, "one")
	b.advance(time.Hour)
	want(t, b.get(t, "one", access), 200, "")
	b.command(t, "one", world.Command{Do: world.DoAdvanceClock, By: hour})
	want(t, b.get(t, "one", access), 401, reason.TokenExpired)
}
