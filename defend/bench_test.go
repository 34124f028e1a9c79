package defend_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/gate401/gate401/defend"
)

func BenchmarkReserve(b *testing.B) {
	ctx, r, c := context.Background(), from("192.0.2.1"), credential("alice")
	b.Run("right", func(b *testing.B) {
		g := &defend.Guard{}
		b.ReportAllocs()
		for b.Loop() {
			settle, err := g.Reserve(ctx, r, c)
			if err != nil {
				b.Fatal(err)
			}
			settle(nil)
		}
	})
	b.Run("refused", func(b *testing.B) {
		g := &defend.Guard{}
		admitted(g, 10, "192.0.2.1", "alice")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := g.Reserve(ctx, r, c); err == nil {
				b.Fatal("admitted")
			}
		}
	})
	b.Run("flood", func(b *testing.B) {
		g := &defend.Guard{}
		names := make([]credential, 1<<18)
		for i := range names {
			names[i] = credential(fmt.Sprint("name", i))
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			// Each from an address of its own, into full tables.
			a := r.Client.As4()
			a[1], a[2], a[3] = byte(i>>16), byte(i>>8), byte(i)
			q := *r
			q.Client = netip.AddrFrom4(a)
			settle, err := g.Reserve(ctx, &q, names[i&(len(names)-1)])
			if err == nil {
				settle(errWrong)
			}
			i++
		}
	})
}
