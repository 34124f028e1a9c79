package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/client"
	"pgregory.net/rapid"
)

// world is what the model checks: an API with tokens, one with a password, and
// one that gets nothing.
type world struct {
	issuer *issuer
	basic  *passwords
	astray []string // credentials that reached the third
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch r.Host {
	case "api.example.com":
		w.issuer.ServeHTTP(rw, r)
	case "files.example.com":
		w.basic.ServeHTTP(rw, r)
	default:
		if v := r.Header.Get("Authorization"); v != "" {
			w.astray = append(w.astray, v)
		}
		rw.Header().Set("WWW-Authenticate", `Basic realm="one", Bearer realm="api"`)
		rw.WriteHeader(401)
	}
}

func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"ask", "ask", "many", "expire", "over", "away", "slow", "fast", "reject", "accept", "files", "files", "change", "astray", "wait"}), 1, 40).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			w := &world{issuer: newIssuer(), basic: &passwords{right: "hunter2"}}
			tr := &client.Transport{Base: direct{w}, Logins: []client.Login{
				{Origins: []string{api}, Source: w.issuer},
				{Origins: []string{"https://files.example.com"}, Basic: &client.Basic{User: "alice", Password: "hunter2"}},
			}}
			n := 0
			var mu sync.Mutex
			ask := func(url string) {
				mu.Lock()
				n++
				id := n
				mu.Unlock()
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprint(url, "/", id), nil)
				resp, err := tr.RoundTrip(req)
				if err == nil && resp.StatusCode == 200 {
					return
				}
				if err == nil {
					err = client.Check(resp)
				}
				var d *client.Denied
				if !errors.As(err, &d) || d.Retry == "" || d.WhatToDo() == "" {
					rt.Errorf("not explained: %v", err)
				}
			}
			invalidated := 1
			for _, step := range steps {
				s := w.issuer
				switch step {
				case "ask":
					ask(api)
				case "many":
					var wg sync.WaitGroup
					for range 10 {
						wg.Go(func() { ask(api) })
					}
					wg.Wait()
				case "expire":
					s.expire()
					invalidated++
				case "over":
					s.fail = append(s.fail, &client.RenewalError{Code: "invalid_grant", Status: 400})
					invalidated++
				case "away":
					s.fail = append(s.fail, &client.RenewalError{Status: 503})
					invalidated++
				case "slow":
					s.delay = 2 * time.Second
				case "fast":
					s.delay = 0
				case "reject":
					s.reject = true
					invalidated++
				case "accept":
					s.reject = false
				case "files":
					ask("https://files.example.com")
				case "change":
					w.basic.right = "other"
				case "astray":
					ask("https://astray.example.com")
					ask("http://api.example.com")
					ask("https://api.example.com:8443")
				case "wait":
					time.Sleep(2 * time.Minute)
					invalidated++ // a renewal that was pointless may be tried again
				}
			}
			for id, sent := range w.issuer.seen {
				if len(sent) > 2 || len(sent) == 2 && sent[0] == sent[1] {
					rt.Errorf("%s was sent as %q", id, sent)
				}
			}
			if w.issuer.renewals > invalidated {
				rt.Errorf("%d renewals for %d reasons", w.issuer.renewals, invalidated)
			}
			if len(w.astray) > 0 {
				rt.Errorf("astray: %q", w.astray)
			}
			// Once it may be refused, and never again.
			if w.basic.wrong > 1 {
				rt.Errorf("the refused password was sent %d times", w.basic.wrong)
			}
			if err := tr.Close(); err != nil {
				rt.Error(err)
			}
		})
	})
}
