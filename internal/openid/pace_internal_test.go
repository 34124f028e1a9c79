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
	// However many networks there are, it stays small.
	for i := range 3 * paceNetworks {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], uint32(i))
		if _, ok := p.allow(now, netip.AddrFrom4(a)); !ok {
			t.Fatal(i)
		}
		if len(p.all) > paceNetworks {
			t.Fatal(len(p.all))
		}
	}
	if _, ok := p.allow(now, netip.Addr{}); !ok {
		t.Error("no address")
	}
}
