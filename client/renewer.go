package client

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	renewalTimeout = 30 * time.Second
	mostLeeway     = 30 * time.Second
	plainLeeway    = 5 * time.Second // of a token whose life is not known
	aheadPause     = 5 * time.Second // after a renewal ahead of time that came to nothing
	unprovenPause  = time.Minute
	rememberedOld  = 32
)

// errSameToken is a Source that renewed nothing and says so with success.
var errSameToken = errors.New("the renewal gave the same token again")

// renewer sees to it that one renewal runs at a time.
type renewer struct {
	source  Source
	leeway  time.Duration
	now     func() time.Time
	flights *flights

	mu     sync.Mutex
	flight *flight
	// last is what the latest renewal gave, old what was replaced before.
	last Token
	old  []string
	// unproven is a renewed token that no server accepted yet: if it is refused,
	// another renewal would be a loop.
	unproven   string
	unprovenAt time.Time
	// over is the token whose login has ended, and what was said.
	over    string
	overErr error
	// notBefore is when the token endpoint wants to be asked again.
	notBefore time.Time
	aheadAt   time.Time
	pauseErr  error
}

// flight is one renewal that any number of requests wait for.
type flight struct {
	done  chan struct{}
	token Token
	err   error
}

// flights are the renewals of all logins that are under way. Requests start new
// ones while somebody waits, which a sync.WaitGroup answers with a panic.
type flights struct {
	mu   sync.Mutex
	open map[*flight]struct{}
}

func (s *flights) add(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[*flight]struct{})
	}
	s.open[f] = struct{}{}
}

func (s *flights) remove(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, f)
}

// wait waits for those that are under way now, and for none that begins later.
func (s *flights) wait() {
	s.mu.Lock()
	now := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, f := range now {
		<-f.done
	}
}

// token returns the token to send, renewed ahead of its expiry.
func (r *renewer) token(ctx context.Context, tell func(time.Time, error)) (Token, error) {
	tok, err := r.source.Token(ctx)
	if err != nil {
		return Token{}, err
	}
	if tok.Value == "" {
		return Token{}, ErrNoToken
	}
	r.mu.Lock()
	if slices.Contains(r.old, tok.Value) {
		tok = r.last
	}
	now := r.now()
	due := !tok.Expiry.IsZero() && !now.Before(tok.Expiry.Add(-r.ahead(tok)))
	expired := !tok.Expiry.IsZero() && !now.Before(tok.Expiry)
	// Who does not need the new token yet does not wait for it either.
	paused := now.Before(r.aheadAt) || tok.Value == r.over || r.flight != nil
	r.mu.Unlock()
	if !due || paused && !expired {
		return tok, nil
	}
	fresh, _, err := r.renew(ctx, tok, tell)
	switch {
	case err == nil:
		return fresh, nil
	case ctx.Err() != nil:
		return Token{}, context.Cause(ctx)
	case !expired || errors.Is(err, ErrNoRenewal):
		r.mu.Lock()
		r.aheadAt = now.Add(aheadPause)
		r.mu.Unlock()
		return tok, nil // as good as it was
	}
	return Token{}, err
}

// ahead is how long before its expiry a token is renewed. Short lives have a
// short one: a token of five seconds is not renewed for every request.
func (r *renewer) ahead(t Token) time.Duration {
	switch {
	case r.leeway > 0:
		return r.leeway
	case t.Obtained.IsZero():
		return plainLeeway
	}
	return min(t.Expiry.Sub(t.Obtained)/10, mostLeeway)
}

// renew returns a token that is not the refused one. led tells whether this call
// asked the source itself. It returns as soon as ctx ends; the renewal goes on,
// because a rotated refresh token that nobody keeps is a login lost.
func (r *renewer) renew(ctx context.Context, refused Token, tell func(time.Time, error)) (tok Token, led bool, err error) {
	r.mu.Lock()
	now := r.now()
	switch {
	case slices.Contains(r.old, refused.Value):
		tok = r.last
		r.mu.Unlock()
		return tok, false, nil
	case r.over != "" && r.over == refused.Value:
		err = r.overErr
		r.mu.Unlock()
		return Token{}, false, err
	case r.flight == nil && now.Before(r.notBefore):
		err = r.pauseErr
		r.mu.Unlock()
		return Token{}, false, err
	}
	f := r.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		r.flight, led = f, true
		r.flights.add(f)
		go r.fly(context.WithoutCancel(ctx), f, refused)
	}
	r.mu.Unlock()
	select {
	case <-f.done:
		tok, err = f.token, f.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if led && tell != nil {
		tell(now, err)
	}
	if err == nil && tok.Value == refused.Value {
		// Another request's renewal brought the token that is refused here: whose
		// source gives its new token away before Renew returns.
		return r.renew(ctx, refused, tell)
	}
	return tok, led, err
}

func (r *renewer) fly(ctx context.Context, f *flight, refused Token) {
	defer r.flights.remove(f)
	ctx, cancel := context.WithTimeout(ctx, renewalTimeout)
	defer cancel()
	f.err = errors.New("the source of tokens ended without an answer")
	defer func() {
		// Also where the source ends its goroutine, as tests do, nobody waits for
		// ever.
		r.mu.Lock()
		r.settle(f, refused)
		r.flight = nil
		r.mu.Unlock()
		close(f.done)
	}()
	f.token, f.err = r.source.Renew(ctx, refused)
}

// settle keeps what a renewal gave. The lock is held.
func (r *renewer) settle(f *flight, refused Token) {
	now := r.now()
	if f.err == nil && f.token.Value == "" {
		f.err = ErrNoToken
	}
	if f.err == nil && f.token.Value == refused.Value {
		f.err = errSameToken
	}
	if f.err == nil {
		r.old = append(r.old, refused.Value)
		// The value may come back, from a source that goes back to it.
		r.old = slices.DeleteFunc(r.old, func(v string) bool { return v == f.token.Value })
		if len(r.old) > rememberedOld {
			r.old = slices.Delete(r.old, 0, len(r.old)-rememberedOld)
		}
		r.last = f.token
		r.unproven, r.unprovenAt = f.token.Value, now
		r.over, r.overErr = "", nil
		return
	}
	var e *RenewalError
	switch {
	case errors.As(f.err, &e) && e.Over():
		r.over, r.overErr = refused.Value, f.err
	case e != nil && e.RetryAfter > 0:
		r.notBefore, r.pauseErr = now.Add(e.RetryAfter), f.err
	case errors.Is(f.err, errSameToken):
		r.notBefore, r.pauseErr = now.Add(aheadPause), f.err
	}
}

// proven tells the renewer that a server accepted the token.
func (r *renewer) proven(t Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unproven == t.Value {
		r.unproven = ""
	}
}

// pointless tells whether a renewal because of this refused token would be a
// loop: it is itself fresh from a renewal, and nobody ever accepted it.
func (r *renewer) pointless(t Token) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unproven != "" && r.unproven == t.Value && r.now().Before(r.unprovenAt.Add(unprovenPause))
}
