package oauth_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// kill ends a gate in the middle of whatever it does.
func (g *gate) kill() {
	g.t.Helper()
	if err := syscall.Kill(g.PID, syscall.SIGKILL); err != nil {
		g.t.Fatal(err)
	}
	_ = g.Wait(program.Patience)
	direct.CloseIdleConnections()
}

// fixed is a gate that has the same address after it was killed, with a login.
func fixed(t *testing.T, more string) *works {
	t.Helper()
	g := prepare(t, more)
	address := foreign.FreeAddress(t)
	file := filepath.Join(g.dir, "gate401.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		s := strings.Replace(string(text), `listen: "127.0.0.1:0"`, `listen: "`+address+`", public_url: "http://`+address+`"`, 1)
		s = strings.Replace(s, "methods:\n", "methods:\n  key: {type: api-key}\n", 1)
		err = os.WriteFile(file, []byte(s), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	g.start()
	w := &works{gate: g, secret: g.client("shop", "--redirect-uri", callback, "--scope", "orders:read", "--trusted"), owner: g.person()}
	if _, page := w.owner.goes(g.url + "/orders"); page != "hello alice" {
		t.Fatal(page)
	}
	return w
}

// second is another process on the same file.
func (w *works) second() *gate {
	g := *w.gate
	g.Process = program.Start(g.t, binary, g.dir, "serve", "--listen", "127.0.0.1:0")
	g.url = "http://" + g.Ready["listen"].(string)
	return &g
}

// tally counts what was answered before the end, and what was not.
type tally struct{ rounds, answered, lost int }

// moment is when to kill: often enough in the middle of things.
type moment time.Duration

func (m *moment) wait() { time.Sleep(rand.N(time.Duration(*m)) + 1) }

func (m *moment) learn(done []bool, n *tally) {
	answered := 0
	for _, d := range done {
		if d {
			answered++
		}
	}
	n.rounds++
	n.answered += answered
	n.lost += len(done) - answered
	switch answered {
	case 0:
		*m = min(*m*3/2, moment(2*time.Second))
	case len(done):
		*m = max(*m*2/3, moment(time.Millisecond))
	}
}

// until is when a test that goes on as long as it may has gone on for long enough.
func until(t *testing.T, most time.Duration) time.Time {
	t.Helper()
	if testing.Short() {
		most /= 5
	}
	return time.Now().Add(most)
}

// Whenever the gate is killed: no revocation that was answered is lost, no code and
// no refresh token that was used is good again, and what was given is good.
func TestKill(t *testing.T) {
	t.Parallel()
	w := fixed(t, "issuer: {refresh: {grace: 1ms}}\n")
	m, n := moment(50*time.Millisecond), tally{}
	// A slow machine needs some rounds to find the moment.
	middle := func() bool { return n.answered > 0 && n.lost > 0 || n.rounds >= 50 }
	for end := until(t, 15*time.Second); n.rounds < 2 || !middle() || time.Now().Before(end); {
		ctx, cancel := context.WithCancel(t.Context())
		deeds := []deed{
			w.redeem(false), w.redeem(false), w.redeem(false), w.renew(), w.renew(), w.renew(),
			w.revoke(true), w.revoke(true), w.revoke(false), w.revoke(false), w.logout(), w.key(), w.command(ctx),
		}
		rand.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
		wait := all(t, deeds, []*gate{w.gate})
		m.wait()
		w.kill()
		cancel()
		done := wait()
		m.learn(done, &n)
		w.start()
		for i, d := range deeds {
			if wrong := d.check(w.gate, done[i]); wrong != "" {
				t.Errorf("%s, answered %v: after the kill %s", d.name, done[i], wrong)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%+v", n)
	if n.answered == 0 || n.lost == 0 {
		t.Errorf("%+v: it was never killed in the middle", n)
	}
}

// An answer that got lost because the gate was killed costs nothing: within the
// grace the same refresh token gets another one from the next process.
func TestKillWithinTheGrace(t *testing.T) {
	t.Parallel()
	w := fixed(t, "issuer: {refresh: {grace: 5m}}\n")
	m, n := moment(20*time.Millisecond), tally{}
	for end := until(t, 5*time.Second); n.rounds < 2 || time.Now().Before(end); {
		deeds := []deed{w.repeat(), w.repeat(), w.repeat(), w.repeat(), w.repeat(), w.repeat()}
		wait := all(t, deeds, []*gate{w.gate})
		m.wait()
		w.kill()
		done := wait()
		m.learn(done, &n)
		w.start()
		for i, d := range deeds {
			if wrong := d.check(w.gate, done[i]); wrong != "" {
				t.Errorf("%s, answered %v: after the kill %s", d.name, done[i], wrong)
			}
		}
	}
	t.Logf("%+v", n)
}

// Two processes on one file, of which one is killed: each code is good at one of
// them once, and what one of them answered holds at both.
func TestKillOneOfTwo(t *testing.T) {
	t.Parallel()
	w := fixed(t, "issuer: {refresh: {grace: 1ms}}\n")
	other := w.second()
	m, n := moment(50*time.Millisecond), tally{}
	for end := until(t, 12*time.Second); n.rounds < 2 || time.Now().Before(end); {
		// The same code at both, at the same moment.
		contested := []deed{w.redeem(true), w.redeem(true)}
		deeds := []deed{w.redeem(false), w.renew(), w.revoke(true), w.revoke(false), w.key(), w.redeem(false), w.renew(), w.revoke(true), w.revoke(false)}
		rand.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
		both := append(deeds, contested[0], contested[1], contested[1], contested[0])
		wait := all(t, both, []*gate{w.gate, other})
		m.wait()
		victim, survivor := w.gate, other
		if rand.IntN(2) == 0 {
			victim, survivor = other, w.gate
		}
		victim.kill()
		done := wait()
		m.learn(done, &n)
		if victim == w.gate {
			w.start()
		} else {
			other = w.second()
			victim = other
		}
		for i, d := range deeds {
			at := survivor
			if i%2 == 0 {
				at = victim // which reads the records anew
			}
			if wrong := d.check(at, done[i]); wrong != "" {
				t.Errorf("%s, answered %v: %s", d.name, done[i], wrong)
			}
		}
		k := len(deeds)
		for i, d := range contested {
			if wrong := d.check(survivor, done[k+i] || done[k+3-i]); wrong != "" {
				t.Errorf("%s at both, answered %v %v: %s", d.name, done[k+i], done[k+3-i], wrong)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%+v", n)
}
