package defend

// Change sets other limits while the guard is in use. It forgets nothing: an
// attempt that was counted stays counted against the new limit, and whoever is
// held off waits no longer than the new window.
func (g *Guard) Change(l Limits) {
	g.once.Do(g.start)
	fallback := DefaultLimits()
	now := g.now()
	g.pairs.change(l.AddressAccount.rate(fallback.AddressAccount), now)
	g.networks.change(l.Address.rate(fallback.Address), now)
	g.names.change(l.Account.rate(fallback.Account), now)
}

// change sets the rate of all buckets. What they hold is counted in attempts, so
// it becomes as much time as so many attempts take to drain now. The order of a
// heap stays, since a bucket that held more holds at least as much after.
func (t *table) change(r rate, now int64) {
	for i := range t.shard {
		t.shard[i].mu.Lock()
	}
	if before := t.rate; before != r {
		t.rate = r
		for i := range t.shard {
			for _, b := range t.shard[i].heap {
				if left := b.full - now; left > 0 {
					attempts := float64(left) / float64(before.every)
					b.full = now + int64(min(attempts*float64(r.every), float64(r.burst)))
				}
			}
		}
	}
	for i := range t.shard {
		t.shard[i].mu.Unlock()
	}
}
