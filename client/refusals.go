package client

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of what is remembered. A server that makes a new realm up for every
// answer, to be sent the password again and again, gets it a few times only.
const (
	mostRealms  = 16
	mostWaiting = 10 * time.Second
)

// password is a name and a password at an origin; the same for Digest and
// Basic, so that what one refused is not tried with the other.
type password struct {
	origin string
	sum    [sha256.Size]byte
}

func passwordOf(origin, user, secret string) password {
	return password{origin, sha256.Sum256([]byte(user + "\x00" + secret))}
}

// refusals remembers what became of passwords: which were refused, and which are
// on their way for the first time, so that a hundred parallel requests with a
// wrong password are one attempt, not a locked account.
type refusals struct {
	mu    sync.Mutex
	known map[password]*passwordRealms
}

type passwordRealms struct {
	realms map[string]*trial
}

type fate uint8

const (
	untried fate = iota
	trying
	accepted
	refused
)

type trial struct {
	fate fate
	done chan struct{} // closed when trying ends
}

// begin asks to send a password for a realm. It waits for the first attempt of
// another request; errNoAnswer says that the password was refused. Whoever is
// first settles what becomes of it.
func (r *refusals) begin(ctx context.Context, p password, realm string) (first bool, err error) {
	var limit <-chan time.Time
	for {
		done, first, err := r.ask(p, realm)
		if done == nil || err != nil {
			return first, err
		}
		if limit == nil {
			t := time.NewTimer(mostWaiting)
			defer t.Stop()
			limit = t.C
		}
		select {
		case <-done:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-limit:
			// The other request is a long one: whoever waits for it for ever
			// may be what it waits for.
			return false, nil
		}
	}
}

// ask is begin without waiting: done is what to wait for.
func (r *refusals) ask(p password, realm string) (done <-chan struct{}, first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, full := r.find(p, realm)
	switch {
	case full || t.fate == refused || realm == preemptiveRealm && r.anyRefused(p):
		return nil, false, errNoAnswer
	case t.fate == accepted:
		return nil, false, nil
	case t.fate == untried:
		t.fate, t.done = trying, make(chan struct{})
		return nil, true, nil
	}
	return t.done, false, nil
}

// anyRefused is asked before a password goes unasked: nobody knows to which
// realm. The lock is held.
func (r *refusals) anyRefused(p password) bool {
	for _, t := range r.known[p].realms {
		if t.fate == refused {
			return true
		}
	}
	return false
}

func (r *refusals) find(p password, realm string) (t *trial, full bool) {
	if r.known == nil {
		r.known = make(map[password]*passwordRealms)
	}
	of := r.known[p]
	if of == nil {
		of = &passwordRealms{realms: make(map[string]*trial)}
		r.known[p] = of
	}
	t = of.realms[realm]
	if t == nil {
		if len(of.realms) == mostRealms {
			return nil, true
		}
		t = new(trial)
		of.realms[realm] = t
	}
	return t, false
}

// settle says what became of the password. untried lets the next one try.
func (r *refusals) settle(p password, realm string, f fate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, full := r.find(p, realm)
	if full {
		return
	}
	wasTrying := t.fate == trying
	if f == untried && !wasTrying {
		return
	}
	// A request that was under way while the password was refused does not make
	// it good again.
	if t.fate != refused {
		t.fate = f
	}
	if wasTrying {
		close(t.done)
	}
}
