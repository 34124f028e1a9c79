package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

// BenchmarkLives is what a login, a request with a session and a refresh cost
// the store. What writes waits for the disk: each is durable when it returns.
func BenchmarkLives(b *testing.B) {
	set, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "g.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer set.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	check := func(b *testing.B, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	session := storetest.Session("s", "anna")
	_, err = set.Sessions.CreateSession(ctx, session, "")
	check(b, err)
	n := 0 // over all runs, so that names stay unique
	b.Run("SessionByHash", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := set.Sessions.SessionByHash(ctx, session.Hash)
			check(b, err)
		}
	})
	b.Run("Revoked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Client: "app", Subject: "anna"}); err == nil {
				b.Fatal("revoked")
			}
		}
	})
	b.Run("CreateTicket", func(b *testing.B) {
		for b.Loop() {
			n++
			_, err := set.Tickets.CreateTicket(ctx, storetest.Ticket(store.TicketCode, fmt.Sprint("made ", n)))
			check(b, err)
		}
	})
	b.Run("UseTicket", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			n++
			x, err := set.Tickets.CreateTicket(ctx, storetest.Ticket(store.TicketCode, fmt.Sprint(n)))
			check(b, err)
			f := storetest.TokenFamily(fmt.Sprint(n), "anna")
			first := storetest.RefreshToken(f.ID, f.ID)
			b.StartTimer()
			check(b, set.Tickets.UseTicket(ctx, x.Kind, x.Hash, storetest.T0, &f, &first))
		}
	})
	_, err = set.Tokens.CreateTokenFamily(ctx, storetest.TokenFamily("f", "anna"), storetest.RefreshToken("f", "f"))
	check(b, err)
	last := "f"
	b.Run("RedeemRefreshToken", func(b *testing.B) {
		for b.Loop() {
			n++
			next := fmt.Sprint("next ", n)
			check(b, set.Tokens.RedeemRefreshToken(ctx, storetest.RefreshToken(last, "f").Hash, storetest.T0, time.Time{}, storetest.RefreshToken(next, "f")))
			last = next
		}
	})
	b.Run("RevokeToken", func(b *testing.B) {
		for b.Loop() {
			n++
			check(b, set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: fmt.Sprint(n), At: storetest.T0, Until: storetest.T0}))
		}
	})
	b.Run("TouchSessions/100", func(b *testing.B) {
		touched := map[string]store.Touch{}
		for i := range 100 {
			x := storetest.Session(fmt.Sprint("t", i), "anna")
			if _, err := set.Sessions.Session(ctx, x.ID); err != nil {
				_, err = set.Sessions.CreateSession(ctx, x, "")
				check(b, err)
			}
			touched[x.ID] = store.Touch{}
		}
		at := storetest.T0
		for b.Loop() {
			at = at.Add(time.Second)
			for id := range touched {
				touched[id] = store.Touch{Seen: at, Idle: at.Add(time.Hour)}
			}
			check(b, set.Sessions.TouchSessions(ctx, touched))
		}
	})
	b.Run("AppendEvents/100", func(b *testing.B) {
		list := make([]store.Event, 100)
		for i := range list {
			list[i] = store.Event{Time: storetest.T0, Kind: store.EventUsed, Method: "bearer", Object: fmt.Sprint("j", i), Family: "f", Session: "s"}
		}
		for b.Loop() {
			check(b, set.Events.AppendEvents(ctx, list))
		}
	})
}
