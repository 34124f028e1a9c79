package openid

import (
	"net/netip"
	"sync"
	"time"
)

// Every login that is begun is kept in the store for a while, and nobody has proved
// anything by then: how many one network can begin is limited. A whole office behind
// one address stays below.
const (
	paceBurst    = 500
	pacePerSec   = 5
	paceNetworks = 10_000
)

// pace counts logins that are begun, by network.
type pace struct {
	mu  sync.Mutex
	all map[netip.Prefix]level
}

// level is how much of its burst a network had left at a time.
type level struct {
	left float64
	at   time.Time
}

// filled is the level at now.
func (l level) filled(now time.Time) float64 {
	return min(paceBurst, l.left+max(now.Sub(l.at).Seconds(), 0)*pacePerSec)
}

// allow takes one from the network of client, and tells how long to wait where none
// is left.
func (p *pace) allow(now time.Time, client netip.Addr) (wait time.Duration, ok bool) {
	bits := 32
	if client.Is6() {
		bits = 64 // what one customer gets (RFC 6177)
	}
	network, err := client.Prefix(bits)
	if err != nil {
		network = netip.Prefix{} // of those without an address, all together
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.all[network]
	if !known {
		l = level{paceBurst, now}
		p.room(now)
	}
	left := l.filled(now)
	if left < 1 {
		return time.Second, false
	}
	p.all[network] = level{left - 1, now}
	return 0, true
}

// room forgets networks that have all of their burst again; where there are too
// many others it forgets all: whoever has so many is not held off by this.
func (p *pace) room(now time.Time) {
	if p.all == nil {
		p.all = map[netip.Prefix]level{}
	}
	if len(p.all) < paceNetworks {
		return
	}
	for network, l := range p.all {
		if l.filled(now) >= paceBurst {
			delete(p.all, network)
		}
	}
	if len(p.all) >= paceNetworks {
		clear(p.all)
	}
}
