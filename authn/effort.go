package authn

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/gate401/gate401/internal/password"
)

// effort makes every refusal of a password cost the same, whoever the account
// is, whether it exists, which source knows it and how old its hash is. The
// time of an answer would tell all of that otherwise (peers that compared
// nothing for unknown accounts, or a cheap hash, were used to list accounts).
//
// The cost of a refusal is fixed beforehand: that of the dearest account of
// each source, per kind of hash. What an attempt did not spend on real
// comparisons is spent on empty ones.
type effort struct {
	hasher Hasher

	mu     sync.Mutex
	sample string // a new hash, to know what "" costs
	seen   work   // the dearest refusal met so far, should a source have one above its word
}

// work is a cost: argon2id in KiB times passes, bcrypt in rounds.
type work struct{ argon2, bcrypt uint64 }

func (w work) plus(o work) work { return work{w.argon2 + o.argon2, w.bcrypt + o.bcrypt} }

func (w work) max(o work) work { return work{max(w.argon2, o.argon2), max(w.bcrypt, o.bcrypt)} }

func (w work) min(o work) work { return work{min(w.argon2, o.argon2), min(w.bcrypt, o.bcrypt)} }

// minus is what is left to do, never below nothing.
func (w work) minus(o work) work {
	return work{w.argon2 - min(w.argon2, o.argon2), w.bcrypt - min(w.bcrypt, o.bcrypt)}
}

// attempt is one password under examination and what it has cost so far.
type attempt struct {
	*effort
	password string
	spent    work
	compared bool // one hash at least was computed to its end
}

// try compares with one hash. An empty hash is nobody's and costs nothing here:
// settle makes up for it.
func (a *attempt) try(ctx context.Context, hash string) (ok, rehash bool, err error) {
	if hash == "" {
		return false, false, nil
	}
	if ok, rehash, err = a.hasher.Verify(ctx, hash, a.password); err != nil {
		return false, false, err
	}
	a.spent, a.compared = a.spent.plus(costOf(hash)), true
	return ok, rehash, nil
}

// settle spends what a refusal costs and this one has not cost yet.
func (a *attempt) settle(ctx context.Context, sources []Passwords) error {
	sample, err := a.newHash(ctx)
	if err != nil {
		return err
	}
	var due work
	for _, s := range sources {
		var most work
		for _, h := range s.Dearest() {
			if h == "" {
				h = sample
			}
			most = most.plus(costOf(h))
		}
		// One source decides, so a refusal costs what the dearest one costs.
		due = due.max(most)
	}
	a.mu.Lock()
	a.seen = a.seen.max(a.spent)
	due = due.max(a.seen)
	a.mu.Unlock()
	// Bounded whatever a source says about itself: the dearest password of each
	// kind, and the dearest one before.
	due = due.min(work{argon2: 2 * password.MaxWork, bcrypt: 2 << password.MaxBcryptCost})

	for _, like := range fill(due.minus(a.spent), sample) {
		if err := a.hasher.Dummy(ctx, like, a.password); err != nil {
			return err
		}
		a.compared = true
	}
	return nil
}

// newHash makes one hash, once, to see what they look like.
func (e *effort) newHash(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sample == "" {
		h, err := e.hasher.Hash(ctx, "a password that is nobody's")
		if err != nil {
			return "", err
		}
		e.sample = h
	}
	return e.sample, nil
}

// fill lists hashes whose comparison costs w in all. Comparing with them fails
// for every password: nobody knows one that fits.
func fill(w work, sample string) []string {
	var list []string
	memory, passes, ok := argon2Cost(sample)
	if whole := memory * passes; ok && whole > 0 {
		for ; w.argon2 >= whole; w.argon2 -= whole {
			list = append(list, sample)
		}
		// A remainder below one pass is below what can be told on a network.
		if t := w.argon2 / memory; t > 0 {
			list = append(list, fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", memory, t, emptySalt, emptyTag))
		}
	}
	// Rounds are a power of two, so any number of them is a sum of costs.
	for cost := password.MaxBcryptCost; cost >= minBcryptCost; cost-- {
		for ; w.bcrypt >= 1<<cost; w.bcrypt -= 1 << cost {
			list = append(list, bcryptLike(cost))
		}
	}
	return list
}

const (
	minBcryptCost = 4 // of x/crypto/bcrypt

	emptySalt = "AAAAAAAAAAAAAAAAAAAAAA"                      // 16 octets
	emptyTag  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 octets
)

// bcryptLike is a hash of that cost.
func bcryptLike(cost int) string {
	return fmt.Sprintf("$2b$%02d$%s", cost, strings.Repeat(".", 53))
}

// costOf reads the cost from a hash. One that cannot be read, or that asks for
// more than is ever computed, has none, and cannot be compared with either.
func costOf(hash string) work {
	if password.CheckHash(hash) != nil {
		return work{}
	}
	if rest, ok := strings.CutPrefix(hash, "$2"); ok {
		cost, err := strconv.Atoi(rest[2:4])
		if err != nil || cost < minBcryptCost {
			return work{}
		}
		return work{bcrypt: 1 << cost}
	}
	memory, passes, _ := argon2Cost(hash)
	return work{argon2: memory * passes}
}

// argon2Cost reads $argon2id$v=19$m=MEMORY,t=PASSES,p=THREADS$...
func argon2Cost(hash string) (memory, passes uint64, ok bool) {
	rest, ok := strings.CutPrefix(hash, "$argon2id$v=19$m=")
	if !ok {
		return 0, 0, false
	}
	m, rest, ok1 := strings.Cut(rest, ",t=")
	t, _, ok2 := strings.Cut(rest, ",")
	memory, err1 := strconv.ParseUint(m, 10, 32)
	passes, err2 := strconv.ParseUint(t, 10, 32)
	return memory, passes, ok1 && ok2 && err1 == nil && err2 == nil
}
