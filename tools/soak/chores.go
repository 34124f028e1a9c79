package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// noticed is how long a change may take to be in force.
const noticed = 30 * time.Second

// chores are what operators do meanwhile: keys are made and revoked, the
// configuration is read again, the API is restarted.
func (st *stage) chores(ctx context.Context, reload, restart time.Duration) {
	var all sync.WaitGroup
	every := func(name string, d time.Duration, do func(context.Context, int) error) {
		t := st.tallies.get(name)
		all.Go(func() {
			for i := 1; ; i++ {
				sleep(ctx, d)
				if ctx.Err() != nil {
					return
				}
				began := time.Now()
				err := do(ctx, i)
				switch {
				case err == nil:
					t.done.Add(1)
				case ctx.Err() != nil:
				case st.api.missed(began):
					t.done.Add(1)
					t.away.Add(1)
				default:
					t.done.Add(1)
					t.fault(err.Error())
				}
			}
		})
	}
	every("key made, used, revoked", min(10*time.Second, reload), st.key)
	every("reload by SIGHUP", reload, func(ctx context.Context, i int) error {
		before, err := st.generation(ctx)
		if err != nil {
			return err
		}
		if err := st.reload(i); err != nil {
			return err
		}
		return until(ctx, "a new generation", func() (bool, error) {
			now, err := st.generation(ctx)
			return now > before, err
		})
	})
	every("restart of the API", restart, func(ctx context.Context, _ int) error { return st.api.restart(ctx, 500*time.Millisecond) })
	all.Wait()
}

// until waits until something is so.
func until(ctx context.Context, what string, is func() (bool, error)) error {
	for began := time.Now(); ; sleep(ctx, 20*time.Millisecond) {
		ok, err := is()
		switch {
		case err != nil:
			return err
		case ok:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(began) > noticed:
			return fmt.Errorf("no %s after %s", what, noticed)
		}
	}
}

// key makes a key beside the running gate, as an operator does, uses it, revokes
// it and sees it refused.
func (st *stage) key(ctx context.Context, i int) error {
	var made struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	}
	out, err := st.command(ctx, "key", "create", "--name", "soak "+strconv.Itoa(i), "--json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, &made); err != nil || made.Value == "" || made.ID == "" {
		// Not out: it may hold the key.
		return errors.Join(errors.New("key create --json says no id and no value"), err)
	}
	header := http.Header{"X-Api-Key": {made.Value}}
	status := func(want int) func() (bool, error) {
		return func() (bool, error) {
			got, err := st.send(ctx, st.client, http.MethodGet, "/key/7", header, nil)
			return got == want, err
		}
	}
	if err := until(ctx, "200 with a new key", status(http.StatusOK)); err != nil {
		return err
	}
	if _, err := st.command(ctx, "key", "revoke", made.ID); err != nil {
		return err
	}
	return until(ctx, "401 with a revoked key", status(http.StatusUnauthorized))
}

// command runs the program itself.
func (st *stage) command(ctx context.Context, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, st.settings.binary, append(args, "--store", "sqlite:"+filepath.Join(st.dir, "records.db"))...)
	c.Dir = st.dir
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("gate401 %s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, err
}
