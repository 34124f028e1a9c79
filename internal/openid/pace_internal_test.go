package openid

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	now := time.Unix(1_000_000, 0)
	take := func(address string) bool {
		_, ok := p.allow(now, netip.MustParseAddr(address))
		return ok
	}
	for i := range paceBurst {
		if !take("2001:db8::1") {
			t.Fatalf("refused after %d", i)
		}
	}
	if take("2001:db8::2") {
		t.Error("another address of the same network is let through")
	}
	if !take("2001:db8:0:1::1") || !take("192.0.2.1") {
		t.Error("another network is held off")
	}
	if wait, ok := p.allow(now, netip.MustParseAddr("2001:db8::1")); ok || wait != time.Second {
		t.Error(wait, ok)
	}
	now = now.Add(time.Second)
	for i := range pacePerSec {
		if !take("2001:db8::1") {
			t.Errorf("refused %d after a second", i)
		}
	}
	if take("2001:db8::1") {
		t.Error("more than a second is worth")
	}
	now = now.Add(-time.Hour)
	if take("2001:db8::1") {
		t.Error("a clock that is put back fills it")
	}
	if _, ok := p.allow(now, netip.Addr{}); !ok {
		t.Error("no address")
	}
}

// Who has many small networks meets the limits of the larger ones.
func TestPaceOfLargerNetworks(t *testing.T) {
	for _, c := range []struct {
		name string
		// nth is one of the networks, each of which stays far below its own limit.
		nth           func(i int) netip.Addr
		burst, perSec int
		beside        string // an address outside
	}{
		{"/48", func(i int) netip.Addr { return address6(0x20010db8_0001<<16 | uint64(i)) }, 1000, 10, "2001:db8:2::"},
		{"/24", func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}) }, 1000, 10, "192.0.3.1"},
		{"/32", func(i int) netip.Addr { return address6(0x20010db8<<32 | uint64(i)<<16) }, 4000, 40, "2001:db9::"},
		{"/16", func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i), 1}) }, 4000, 40, "192.1.0.1"},
		{"all", func(i int) netip.Addr { return address6(0x2001_0000_0000_0000 + uint64(i)<<32) }, 20_000, 100, ""},
		{"mapped", func(i int) netip.Addr { return netip.AddrFrom16(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).As16()) }, 1000, 10, "192.0.3.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p pace
			now := time.Unix(1_000_000, 0)
			for i := range c.burst {
				if _, ok := p.allow(now, c.nth(i)); !ok {
					t.Fatalf("refused after %d", i)
				}
			}
			if _, ok := p.allow(now, c.nth(c.burst)); ok {
				t.Error("one more than the burst")
			}
			if c.beside != "" {
				if _, ok := p.allow(now, netip.MustParseAddr(c.beside)); !ok {
					t.Error("another network is held off")
				}
			}
			now = now.Add(time.Second)
			n := 0
			for i := range 10 * c.perSec {
				if _, ok := p.allow(now, c.nth(i)); ok {
					n++
				}
			}
			if n != c.perSec {
				t.Errorf("%d after a second, want %d", n, c.perSec)
			}
		})
	}
}

// However many networks there are, it stays small, and forgets no count that is of
// importance.
func TestPaceForgetsNothing(t *testing.T) {
	var p pace
	now := time.Unix(1_000_000, 0)
	loud := netip.MustParseAddr("192.0.2.1")
	for range paceBurst {
		p.allow(now, loud)
	}
	let := 0
	for i := range uint64(300_000) {
		if i%1000 == 0 {
			now = now.Add(100 * time.Millisecond)
		}
		if _, ok := p.allow(now, address6(0x2001_0000_0000_0000+i<<32)); ok {
			let++
		}
		if n := p.counts(); n > paceCounts {
			t.Fatalf("%d counts", n)
		}
	}
	// Half a minute.
	if most := paceAll + 30*paceAllPerSec; let > most || let < most-2*paceBurst {
		t.Errorf("%d are let through, want at most %d", let, most)
	}
	if l := p.all[0][netip.MustParsePrefix("192.0.2.1/32")]; l.left != 0 {
		t.Errorf("what it has left: %v", l)
	}
	// When all is quiet again, all that is of no importance goes.
	now = now.Add(time.Hour)
	for i := range uint64(1500) {
		p.allow(now, address6(0x2001_0000_0000_0000+i<<32))
	}
	if n := p.counts(); n > 20_000 {
		t.Errorf("%d counts are kept for nothing", n)
	}
}

// address6 is the first address of a /64.
func address6(network uint64) netip.Addr {
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], network)
	return netip.AddrFrom16(a)
}
