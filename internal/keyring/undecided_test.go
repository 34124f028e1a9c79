package keyring_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
)

// overtaken lets something happen before a setting is read for the nth time.
type overtaken struct {
	store.Settings

	reads int
	by    func()
}

func (o *overtaken) Setting(ctx context.Context, name string) (string, error) {
	if o.reads--; o.reads == 0 {
		o.by()
	}
	return o.Settings.Setting(ctx, name)
}

// paused stops before a key is changed for the first time, until it may go on.
type paused struct {
	store.SigningKeys

	once      sync.Once
	stops, on chan struct{}
}

func (p *paused) UpdateSigningKey(ctx context.Context, k store.SigningKey) (store.SigningKey, error) {
	p.once.Do(func() {
		close(p.stops)
		<-p.on
	})
	return p.SigningKeys.UpdateSigningKey(ctx, k)
}

// While another process has made a successor, and has not yet said when it signs,
// nobody makes a second one.
func TestOvertaken(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(ctx context.Context, r *keyring.Keyring, signer string) error
		left int // keys
	}{
		{"turn", func(ctx context.Context, r *keyring.Keyring, _ string) error {
			_, err := r.Turn(ctx, keyring.Schedule{})
			return err
		}, 2},
		{"retire", func(ctx context.Context, r *keyring.Keyring, signer string) error {
			_, err := r.Retire(ctx, signer)
			return err
		}, 2},
		{"rotate", func(ctx context.Context, r *keyring.Keyring, _ string) error {
			_, err := r.Rotate(ctx, "", 0)
			return err
		}, 2},
		{"revoke", func(ctx context.Context, r *keyring.Keyring, signer string) error { return r.Revoke(ctx, signer) }, 1},
	} {
		for reads := 1; reads <= 3; reads++ {
			t.Run(fmt.Sprintf("%s, at read %d", x.name, reads), func(t *testing.T) {
				w := newWorld(t)
				first := w.signer(w.ring())
				keys := w.set.SigningKeys
				slow := &paused{SigningKeys: keys, stops: make(chan struct{}), on: make(chan struct{})}
				w.set.SigningKeys = slow
				other := w.ring()
				w.set.SigningKeys = keys
				late := &overtaken{Settings: w.set.Settings}
				w.set.Settings = late
				r := w.ring()
				w.pass(keyring.DefaultEvery)
				var turning sync.WaitGroup
				late.reads, late.by = reads, func() {
					done := make(chan struct{})
					turning.Go(func() {
						defer close(done)
						if _, err := other.Turn(t.Context(), keyring.Schedule{}); err != nil {
							t.Error(err)
						}
					})
					select {
					case <-slow.stops:
					case <-done:
					}
				}
				err := x.do(t.Context(), r, first)
				close(slow.on)
				turning.Wait()
				if err != nil {
					t.Fatal(err)
				}
				w.pass(1)
				w.turn(r)
				list, err := r.List(t.Context())
				if err != nil || len(list) != x.left {
					t.Fatalf("%d keys, %v; want %d", len(list), err, x.left)
				}
				w.signer(r) // somebody signs
			})
		}
	}
}
