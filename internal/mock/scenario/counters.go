package scenario

import (
	"container/list"
	"net/http"
	"strings"
	"sync"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/reason"
)

// tally counts the requests of each scenario and key. The oldest key goes where
// there are too many.
type tally struct {
	mu   sync.Mutex
	keys map[string]*list.Element
	used list.List // of *count, the last one used in front
}

type count struct {
	key string
	n   int
}

const (
	maxTallies = 10_000
	maxKey     = 128
)

// next counts one more request.
func (t *tally) next(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[string]*list.Element{}
	}
	e, ok := t.keys[key]
	if !ok {
		if t.used.Len() >= maxTallies {
			oldest := t.used.Back()
			delete(t.keys, oldest.Value.(*count).key)
			t.used.Remove(oldest)
		}
		e = t.used.PushFront(&count{key: key})
		t.keys[key] = e
	}
	t.used.MoveToFront(e)
	c := e.Value.(*count)
	c.n++
	return c.n
}

func counters() []Scenario {
	row := func(name, title, explain string, e Expect, refuses func(n int) bool, a mix.Answer) Scenario {
		return Scenario{
			Name: name, Group: GroupCounter, Title: title, Explain: explain, Reason: reason.TokenExpired, Expect: e, Path: Prefix + name + "/KEY/",
			play: func(p *Player, w http.ResponseWriter, r *http.Request, rest string) {
				key, _, _ := strings.Cut(rest, "/")
				if len(key) > maxKey {
					mix.Answer{Status: http.StatusBadRequest, Body: []byte("the key is too long\n")}.Serve(w, r)
					return
				}
				if r.Method != http.MethodOptions && refuses(p.tally.next(name+"/"+key)) {
					a.Serve(w, r)
					return
				}
				passed().Serve(w, r)
			},
		}
	}
	refresh := Expect{Do: MoveRefresh, Sentence: "Refresh once and repeat the request once.", Requests: 2, Refreshes: 1, Status: 200}
	return []Scenario{
		row("401-once", "401 once, then 200", "The whole of a refresh, with any credentials: the repeated request passes.", refresh, func(n int) bool { return n == 1 }, refused(expired())),
		row("401-twice", "401 twice, then 200", "The new token is refused as well; a client that tries a third time passes, and should not have tried.",
			giveUp(401, "Refresh once, repeat once, then give up."), func(n int) bool { return n <= 2 }, refused(expired())),
		row("401-every-third", "Every third request is refused", "Behind a balancer one of three servers has the wrong key.", refresh, func(n int) bool { return n%3 == 0 }, refused(expired())),
		row("401-after-3", "200 three times, then 401 for ever", "A token that was revoked in the middle of the work.",
			giveUp(401, "Refresh once, repeat once, then log in again or give up."), func(n int) bool { return n > 3 }, refused(expired())),
		row("503-then-200", "503 once, then 200", "Nothing is known against the credentials.",
			Expect{Do: MoveLater, Sentence: "Keep the credentials and try again after Retry-After.", Refreshes: -1, Status: 200}, func(n int) bool { return n == 1 },
			with(mix.Answer{Status: http.StatusServiceUnavailable}, "Retry-After", "1", "Cache-Control", "no-store")),
		row("429-then-200", "429 once, then 200", "The client was too quick; its credentials were not looked at.",
			Expect{Do: MoveWait, Sentence: "Wait for Retry-After, then repeat with the same credentials.", Refreshes: -1, Status: 200}, func(n int) bool { return n == 1 },
			with(mix.Answer{Status: http.StatusTooManyRequests}, "Retry-After", "1", "Cache-Control", "no-store")),
	}
}
