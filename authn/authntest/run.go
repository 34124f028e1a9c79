package authntest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Run checks a method against the contract of [gate401.Authenticator] and, if it
// is one, of [gate401.Recaller].
func Run(t *testing.T, suite Suite) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(*testing.T, Sample)
	}{
		{"sample is complete", complete},
		{"find", find},
		{"equal credentials have equal keys", keys},
		{"verify lets the right ones in", verifyValid},
		{"verify refuses the wrong ones", verifyRefused},
		{"recall agrees with verify", recall},
		{"challenges", challenges},
		{"a backend that is away is not a refusal", away},
		{"an ended context is not a refusal", ended},
		{"a credential of another method is not verified", foreign},
		{"requests are not changed", unchanged},
		{"errors hold no secret", secrets},
		{"many at once", concurrent},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, suite.New(t)) })
	}
}

// complete keeps the other checks from passing because there is nothing to check.
func complete(t *testing.T, s Sample) {
	switch {
	case s.Method == nil:
		t.Fatal("Sample.Method is nil")
	case len(s.Valid) < 2, len(s.None) == 0, len(s.Malformed) == 0 && !s.Opaque, len(s.Refused) == 0:
		t.Fatal("a Sample needs two valid requests and at least one of every other kind")
	case len(s.Secrets) == 0:
		t.Fatal("Sample.Secrets is empty")
	}
}

// denial returns the refusal that err is, or nil.
func denial(err error) *gate401.Denial {
	var d *gate401.Denial
	if errors.As(err, &d) {
		return d
	}
	return nil
}

func find(t *testing.T, s Sample) {
	if s.Away != nil {
		s.Away() // Find does no I/O
	}
	for i, r := range s.all() {
		c, ok, err := s.Method.Find(r)
		switch {
		case ok && err != nil:
			t.Errorf("request %d: Find returns both a credential and the error %v", i, err)
		case ok != (c != nil):
			t.Errorf("request %d: Find returns ok %t and the credential %t", i, ok, c != nil)
		case err != nil && denial(err) == nil:
			t.Errorf("request %d: Find returns an error that is no *Denial: %v", i, err)
		case ok && c.Method() == "":
			t.Errorf("request %d: the credential has no method", i)
		}
	}
	for i, r := range s.Valid {
		if _, ok, err := s.Method.Find(r); !ok {
			t.Errorf("valid request %d: nothing found (error %v)", i, err)
		}
	}
	for i, r := range s.None {
		if _, ok, err := s.Method.Find(r); ok || err != nil {
			t.Errorf("request %d without a credential: Find returns ok %t, error %v", i, ok, err)
		}
	}
	for i, x := range s.Malformed {
		_, _, err := s.Method.Find(x.Request)
		if d := denial(err); d == nil || d.Reason != x.Reason {
			t.Errorf("malformed request %d: Find returns %v, want the reason %s", i, err, x.Reason)
		}
	}
}

// must finds a credential.
func must(t *testing.T, m gate401.Authenticator, r *gate401.Request) gate401.Credential {
	t.Helper()
	c, ok, err := m.Find(r)
	if err != nil || !ok {
		t.Fatalf("Find returns ok %t, error %v", ok, err)
	}
	return c
}

func keys(t *testing.T, s Sample) {
	seen := make(map[[32]byte]int)
	for i, r := range s.Valid {
		first, second := must(t, s.Method, r), must(t, s.Method, clone(r))
		if first.Key() != second.Key() {
			t.Errorf("valid request %d: the same credential has two keys", i)
		}
		name, guessable := first.Account()
		if n, g := second.Account(); n != name || g != guessable {
			t.Errorf("valid request %d: Account returns %q, %t and then %q, %t", i, name, guessable, n, g)
		}
		if first.Key() == [32]byte{} {
			t.Errorf("valid request %d: the key is empty", i)
		}
		if j, twice := seen[first.Key()]; twice {
			t.Errorf("valid requests %d and %d: different credentials have the same key", j, i)
		}
		seen[first.Key()] = i
	}
}

func verifyValid(t *testing.T, s Sample) {
	for i, r := range s.Valid {
		c := must(t, s.Method, r)
		first, err := s.Method.Verify(t.Context(), r, c)
		if err != nil || first == nil {
			t.Errorf("valid request %d: Verify returns %v, %v", i, first, err)
			continue
		}
		if first.Subject == "" || first.Method == "" {
			t.Errorf("valid request %d: the identity has the subject %q and the method %q", i, first.Subject, first.Method)
		}
		again, err := s.Method.Verify(t.Context(), r, c)
		if s.Once {
			if again != nil || denial(err) == nil {
				t.Errorf("valid request %d: the second Verify returns %v, %v, want a refusal", i, again, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("valid request %d: the second Verify returns %v", i, err)
		} else if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("valid request %d: the second Verify returns another identity:\n%s", i, diff)
		}
	}
}

func verifyRefused(t *testing.T, s Sample) {
	for i, x := range s.Refused {
		for range 2 {
			id, err := s.Method.Verify(t.Context(), x.Request, must(t, s.Method, x.Request))
			if d := denial(err); id != nil || d == nil || d.Reason != x.Reason {
				t.Errorf("refused request %d: Verify returns %v, %v, want the reason %s", i, id, err, x.Reason)
			}
		}
	}
}

func recall(t *testing.T, s Sample) {
	m, ok := s.Method.(gate401.Recaller)
	if !ok {
		return
	}
	for i, r := range s.Valid {
		c := must(t, s.Method, r)
		if _, ok, _ := m.Recall(r, c); ok {
			t.Errorf("valid request %d: recalled before it was verified", i)
		}
		want, err := s.Method.Verify(t.Context(), r, c)
		if err != nil {
			t.Fatal(err)
		}
		id, ok, err := m.Recall(r, must(t, s.Method, r))
		switch {
		case ok && (err != nil || id == nil):
			t.Errorf("valid request %d: Recall returns %v, %v", i, id, err)
		case ok:
			if diff := cmp.Diff(want, id); diff != "" {
				t.Errorf("valid request %d: Recall returns another identity:\n%s", i, diff)
			}
		case id != nil || err != nil:
			t.Errorf("valid request %d: Recall returns %v, %v and says it remembers nothing", i, id, err)
		}
	}
	for i, x := range s.Refused {
		c := must(t, s.Method, x.Request)
		_, _ = s.Method.Verify(t.Context(), x.Request, c)
		id, ok, err := m.Recall(x.Request, must(t, s.Method, x.Request))
		if id != nil || (err != nil) != ok {
			t.Errorf("refused request %d: Recall returns %v, %t, %v", i, id, ok, err)
		}
		if d := denial(err); ok && (d == nil || d.Reason != x.Reason) {
			t.Errorf("refused request %d: Recall returns %v, want the reason %s", i, err, x.Reason)
		}
	}
}

func challenges(t *testing.T, s Sample) {
	q := &gate401.Requirement{Rule: "rule", Accept: []gate401.Authenticator{s.Method}}
	// At load there is no request.
	for _, r := range []*gate401.Request{nil, s.None[0]} {
		plain := s.Method.Challenges(r, q, nil)
		wellFormed(t, "without a denial", plain)
		for _, c := range plain {
			if _, has := c.Param("error"); has {
				t.Errorf("a challenge without a denial carries an error code: %s", c)
			}
		}
		before := printed(s.Once, plain)
		for _, info := range reason.All() {
			d := &gate401.Denial{Reason: info.Code, Scope: []string{"one", "two"}}
			list := s.Method.Challenges(r, q, d)
			wellFormed(t, string(info.Code), list)
			for _, c := range list {
				if code, has := c.Param("error"); has && code != info.Code.Shown().Error {
					t.Errorf("%s: the error code is %q, want %q", info.Code, code, info.Code.Shown().Error)
				}
			}
		}
		if diff := cmp.Diff(before, printed(s.Once, s.Method.Challenges(r, q, nil))); diff != "" {
			t.Errorf("the challenges changed:\n%s", diff)
		}
	}
}

func wellFormed(t *testing.T, what string, list []httpauth.Challenge) {
	t.Helper()
	if len(list) == 0 {
		t.Errorf("%s: no challenge (RFC 9110 section 15.5.2)", what)
	}
	for _, c := range list {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %s: %v", what, c, err)
		}
	}
}

// printed writes the challenges, without nonces where those are fresh.
func printed(fresh bool, list []httpauth.Challenge) (out []string) {
	for _, c := range list {
		if fresh {
			c.Params = slices.DeleteFunc(slices.Clone(c.Params), func(p httpauth.Param) bool { return p.Name == "nonce" })
		}
		out = append(out, c.String())
	}
	return out
}

func away(t *testing.T, s Sample) {
	if s.Away == nil {
		return
	}
	s.Away()
	for i, r := range s.Valid {
		id, err := s.Method.Verify(t.Context(), r, must(t, s.Method, r))
		if id != nil || err == nil || denial(err) != nil {
			t.Errorf("valid request %d, backend away: Verify returns %v, %v, want an error that is no *Denial", i, id, err)
		}
	}
}

func ended(t *testing.T, s Sample) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i, r := range s.Valid {
		id, err := s.Method.Verify(ctx, r, must(t, s.Method, r))
		if d := denial(err); d != nil {
			t.Errorf("valid request %d, context ended: refused as %s", i, d.Reason)
		}
		if (id == nil) == (err == nil) {
			t.Errorf("valid request %d, context ended: Verify returns %v, %v", i, id, err)
		}
	}
}

// stranger is a credential that no method made.
type stranger struct{}

func (stranger) Method() string          { return "stranger" }
func (stranger) Account() (string, bool) { return "", false }
func (stranger) Key() [32]byte           { return [32]byte{1} }

func foreign(t *testing.T, s Sample) {
	id, err := s.Method.Verify(t.Context(), s.Valid[0], stranger{})
	if id != nil || err == nil {
		t.Errorf("Verify of a credential of another method returns %v, %v", id, err)
	}
	if m, ok := s.Method.(gate401.Recaller); ok {
		if id, ok, err := m.Recall(s.Valid[0], stranger{}); ok || id != nil || err != nil {
			t.Errorf("Recall of a credential of another method returns %v, %t, %v", id, ok, err)
		}
	}
}

func unchanged(t *testing.T, s Sample) {
	for i, r := range s.all() {
		before := clone(r)
		if c, ok, _ := s.Method.Find(r); ok {
			_, _ = s.Method.Verify(t.Context(), r, c)
			if m, is := s.Method.(gate401.Recaller); is {
				_, _, _ = m.Recall(r, c)
			}
		}
		s.Method.Challenges(r, &gate401.Requirement{}, nil)
		if !equal(before, r) {
			t.Errorf("request %d was changed", i)
		}
	}
}

func secrets(t *testing.T, s Sample) {
	look := func(when string, err error) {
		for _, secret := range s.Secrets {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error contains a secret: %v", when, err)
			}
		}
	}
	walk := func(when string) {
		for _, r := range s.all() {
			c, ok, err := s.Method.Find(r)
			look(when, err)
			if ok {
				_, err = s.Method.Verify(t.Context(), r, c)
				look(when, err)
			}
		}
	}
	walk("find and verify")
	if s.Away != nil {
		s.Away()
		walk("find and verify, backend away")
	}
}

func concurrent(t *testing.T, s Sample) {
	var wg sync.WaitGroup
	passed := make([]atomic.Int32, len(s.Valid))
	for range 4 {
		wg.Go(func() {
			for i, r := range s.Valid {
				c, ok, err := s.Method.Find(r)
				if !ok {
					t.Errorf("valid request %d: %v", i, err)
					continue
				}
				if m, is := s.Method.(gate401.Recaller); is {
					if _, ok, err := m.Recall(r, c); ok && err != nil {
						t.Errorf("valid request %d: recalled as %v", i, err)
					}
				}
				if _, err := s.Method.Verify(t.Context(), r, c); err == nil {
					passed[i].Add(1)
				} else if !s.Once || denial(err) == nil {
					t.Errorf("valid request %d: %v", i, err)
				}
				s.Method.Challenges(r, &gate401.Requirement{}, nil)
			}
			for i, x := range s.Refused {
				c, ok, _ := s.Method.Find(x.Request)
				if !ok {
					t.Errorf("refused request %d: nothing found", i)
					continue
				}
				if _, err := s.Method.Verify(t.Context(), x.Request, c); denial(err) == nil {
					t.Errorf("refused request %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	for i := range passed {
		if n := passed[i].Load(); s.Once && n != 1 {
			t.Errorf("valid request %d, good for one time: let in %d times", i, n)
		}
	}
}
