package gate401_test

import (
	"sync"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// The challenges of a rule are remembered by what was refused: one refusal never
// asks in the words of another, whoever comes first.
func TestPreparedRefusalsKeepApart(t *testing.T) {
	q := gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{tokens("bearer", "Bearer"), tokens("basic", "Basic")}}
	q.Prepare()
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
	want := map[string]string{}
	for _, x := range []string{"", "Bearer x", "Bearer alice", "Basic x", "Nonsense"} {
		want[x] = asked(g.Decide(t.Context(), request(t, auth(x))))
	}
	if want["Bearer x"] == want[""] || want["Bearer x"] == want["Basic x"] {
		t.Fatalf("the refusals cannot be told apart: %q", want)
	}
	fresh := gate401.Requirement{Rule: "r", Accept: q.Accept}
	fresh.Prepare()
	q = fresh
	var all sync.WaitGroup
	for x := range want {
		for range 8 {
			all.Go(func() {
				for range 100 {
					if got := asked(g.Decide(t.Context(), request(t, auth(x)))); got != want[x] {
						t.Errorf("%q: asked %q, want %q", x, got, want[x])
						return
					}
				}
			})
		}
	}
	all.Wait()
}

func asked(d gate401.Decision) (out string) {
	if d.Reason() != reason.Code("") {
		out = string(d.Reason())
	}
	for _, c := range d.Challenges {
		out += "|" + c.String()
	}
	return out
}
