package defend

import (
	"net/netip"
	"sync"
	"time"
)

// KnownFor is how long a network stays known for an account after the account
// last proved itself right from there.
const KnownFor = 30 * 24 * time.Hour

// knownNetworks is how many networks are remembered for one account. Whoever
// holds one account and many addresses fills the places of that account only.
const knownNetworks = 8

// known remembers from which networks accounts proved themselves right.
type known struct {
	mu        sync.RWMutex
	byAccount map[string]*places
	max       int
}

type places [knownNetworks]place

type place struct {
	network netip.Prefix
	until   int64
}

func (k *known) has(account string, network netip.Prefix, now int64) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if at := k.byAccount[account]; at != nil {
		for i := range at {
			if at[i].network == network && at[i].until > now {
				return true
			}
		}
	}
	return false
}

// add remembers the network, in the place of the one not seen for longest.
func (k *known) add(account string, network netip.Prefix, now int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.byAccount[account]
	if at == nil {
		k.makeRoom(now)
		if k.byAccount == nil {
			k.byAccount = make(map[string]*places)
		}
		at = new(places)
		k.byAccount[account] = at
	}
	oldest := 0
	for i := range at {
		if at[i].network == network {
			oldest = i
			break
		}
		if at[i].until < at[oldest].until {
			oldest = i
		}
	}
	at[oldest] = place{network, now + int64(KnownFor)}
}

// makeRoom drops the account seen least recently of a few, or all of those that
// have expired. Only accounts that exist get in here, so it hardly ever runs.
func (k *known) makeRoom(now int64) {
	if len(k.byAccount) < k.max {
		return
	}
	const looked = 16
	worst, until, n := "", int64(0), 0
	for account, at := range k.byAccount {
		last := int64(0)
		for i := range at {
			last = max(last, at[i].until)
		}
		if last <= now {
			delete(k.byAccount, account)
		} else if worst == "" || last < until {
			worst, until = account, last
		}
		if n++; n == looked {
			break
		}
	}
	if len(k.byAccount) >= k.max {
		delete(k.byAccount, worst)
	}
}

func (k *known) forget(account string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.byAccount, account)
}

// forgetBefore makes the networks unknown that were last learned before at.
func (k *known) forgetBefore(account string, at int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known := k.byAccount[account]
	if known == nil {
		return
	}
	for i := range known {
		if known[i].until-int64(KnownFor) < at {
			known[i] = place{}
		}
	}
	if *known == (places{}) {
		delete(k.byAccount, account)
	}
}
