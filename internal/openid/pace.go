package openid

import (
	"net/netip"
	"sync"
	"time"
)

// Every login that is begun is kept in the store for a while, and nobody has proved
// anything by then: how many one network can begin is limited. A whole office behind
// one address stays below. Whoever has many networks meets the limit of the larger
// ones that they are in, and at last that of all together, so that what is in the
// store is bounded wherever it comes from.
const (
	paceSizes  = 4
	paceBurst  = 500
	pacePerSec = 5
	// paceAll is the burst of all together, paceAllPerSec what they have each second.
	paceAll       = 20_000
	paceAllPerSec = 100
)

// paceCounts bounds the counts that are kept. It is beyond what paceAll lets through:
// of so many networks the smaller ones are full again by then. Were it ever reached,
// strangers would have to wait: to forget counts would be to lift the limits.
const paceCounts = 100_000

// size is how much of an address (IPv4, IPv6) a network is, how many logins it may
// begin at once and in each second.
type size struct {
	bits4, bits6  int
	burst, perSec float64
}

func sizes() [paceSizes]size {
	return [paceSizes]size{
		{32, 64, paceBurst, pacePerSec}, // what one customer gets (RFC 6177)
		{24, 48, 2 * paceBurst, 2 * pacePerSec},
		{16, 32, 8 * paceBurst, 8 * pacePerSec}, // what whoever gives addresses to others has
		{0, 0, paceAll, paceAllPerSec},
	}
}

// pace counts logins that are begun, by networks of every size.
type pace struct {
	mu  sync.Mutex
	all [paceSizes]map[netip.Prefix]level
	// kept is how many counts were left when the full ones were last forgotten.
	kept int
}

// level is how much of its burst a network had left at a time.
type level struct {
	left float64
	at   time.Time
}

// filled is the level at now. A clock that is put back fills nothing, then or later.
func (l level) filled(s size, now time.Time) level {
	if !now.After(l.at) {
		return l
	}
	return level{min(s.burst, l.left+now.Sub(l.at).Seconds()*s.perSec), now}
}

// network is that of an address; those without one are together in none.
func (s size) network(client netip.Addr) netip.Prefix {
	bits := s.bits4
	if client.Is6() {
		bits = s.bits6
	}
	if bits == 0 {
		return netip.Prefix{}
	}
	network, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

// allow takes one from every network that client is in, or from none of them, and
// tells how long to wait where one has none left.
func (p *pace) allow(now time.Time, client netip.Addr) (wait time.Duration, ok bool) {
	client = client.Unmap()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.room(now) {
		return time.Second, false
	}
	var networks [paceSizes]netip.Prefix
	var levels [paceSizes]level
	for i, s := range sizes() {
		networks[i] = s.network(client)
		l, known := p.all[i][networks[i]]
		if !known {
			l = level{s.burst, now}
		}
		if levels[i] = l.filled(s, now); levels[i].left < 1 {
			return time.Second, false
		}
	}
	for i, l := range levels {
		if p.all[i] == nil {
			p.all[i] = map[netip.Prefix]level{}
		}
		l.left--
		p.all[i][networks[i]] = l
	}
	return 0, true
}

// counts is how many counts are kept.
func (p *pace) counts() (n int) {
	for _, one := range p.all {
		n += len(one)
	}
	return n
}

// room makes room for the counts of one more client, if there is any: those that
// are full again are forgotten, which changes nothing. It looks whenever there are
// more than twice as many as it left, so that it costs each login little.
func (p *pace) room(now time.Time) bool {
	if n := p.counts(); n < 1000+2*p.kept && n+paceSizes <= paceCounts {
		return true
	}
	for i, s := range sizes() {
		for network, l := range p.all[i] {
			if l.filled(s, now).left >= s.burst {
				delete(p.all[i], network)
			}
		}
	}
	p.kept = p.counts()
	return p.kept+paceSizes <= paceCounts
}
