package defend

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Kind says what a bucket counts.
type Kind string

// The kinds of buckets.
const (
	KindAccount        Kind = "account"
	KindAddress        Kind = "address"
	KindAddressAccount Kind = "address_account"
)

// Limited is somebody who is refused at the moment.
type Limited struct {
	Kind Kind `json:"kind"`
	// Account is the name as canonical as the method made it; of a name longer
	// than 128 octets the beginning and a hash. It need not exist.
	Account string `json:"account,omitempty"`
	// Network is the client's; the zero Prefix in the bucket of an account that
	// all unknown networks share.
	Network netip.Prefix `json:"network,omitzero"`
	// Known is true in buckets of networks from which the account proved itself.
	Known bool `json:"known,omitempty"`
	// Until is when the next attempt is admitted, Clear when all is forgotten.
	Until time.Time `json:"until"`
	Clear time.Time `json:"clear"`
}

// Status is the state of a Guard in numbers.
type Status struct {
	// Buckets are kept, Limited of them refuse.
	Buckets int `json:"buckets"`
	Limited int `json:"limited"`
	// Capacity is how many buckets are kept at most.
	Capacity int `json:"capacity"`
	// Pending attempts are being verified, Waiting ones wait for them.
	Pending int `json:"pending"`
	Waiting int `json:"waiting"`
}

func (g *Guard) tables() [3]struct {
	kind  Kind
	table *table
} {
	g.once.Do(g.start)
	return [3]struct {
		kind  Kind
		table *table
	}{{KindAddressAccount, g.pairs}, {KindAddress, g.networks}, {KindAccount, g.names}}
}

// Status counts buckets, for metrics.
func (g *Guard) Status() Status {
	var st Status
	now := g.now()
	for _, x := range g.tables() {
		st.Capacity += x.table.max * shards
		x.table.each(func(_ *shard, b *bucket) {
			st.Buckets++
			if b.wait(x.table.rate, now, 0) > 0 {
				st.Limited++
			}
			// Every attempt is in one bucket of a network, and in no two.
			if x.kind == KindAddress {
				st.Pending += int(b.pending)
			}
			st.Waiting += int(b.waiting)
		})
	}
	return st
}

// List returns who is refused at the moment, longest wait first, at most limit
// of them; 0 for all.
func (g *Guard) List(limit int) []Limited {
	var all []Limited
	now := g.now()
	for _, x := range g.tables() {
		x.table.each(func(_ *shard, b *bucket) {
			wait := b.wait(x.table.rate, now, 0)
			if wait <= 0 {
				return
			}
			all = append(all, Limited{
				Kind: x.kind, Account: b.key.account, Network: b.key.network,
				Known: b.key.known || (x.kind == KindAccount && b.key.network.IsValid()),
				Until: time.Unix(0, now+wait).UTC(), Clear: time.Unix(0, b.full).UTC(),
			})
		})
	}
	slices.SortFunc(all, func(a, b Limited) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Network.String(), b.Network.String()))
	})
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}

// Forgive forgets every attempt on the account, from everywhere, and returns how
// many buckets that were. Networks known for it stay known.
func (g *Guard) Forgive(account string) int {
	account = shortened(account)
	if account == "" {
		return 0
	}
	return g.forgive(func(k key) bool { return k.account == account })
}

// ForgiveAddress forgets every attempt from the client network of a, on any
// account.
func (g *Guard) ForgiveAddress(a netip.Addr) int {
	network := networkOf(a)
	return g.forgive(func(k key) bool { return k.network == network && (network.IsValid() || k.account == "") })
}

func (g *Guard) forgive(matches func(key) bool) (n int) {
	for _, x := range g.tables() {
		x.table.each(func(s *shard, b *bucket) {
			if matches(b.key) {
				s.forget(b)
				n++
			}
		})
	}
	return n
}

// ForgetKnown makes every network unknown for the account again, for whoever has
// no Since and knows that a stolen password was changed.
func (g *Guard) ForgetKnown(account string) {
	g.once.Do(g.start)
	g.known.forget(shortened(account))
}
