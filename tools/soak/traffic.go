package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// kind is one thing that clients do.
type kind struct {
	name   string
	weight int
	// do returns the status of the answer, 0 where none is expected.
	do func(context.Context) (int, error)
	// want are the statuses that are right.
	want []int
	// through tells that the API has a part in it, which may be away.
	through bool
}

// kinds are the mix: mostly good requests, some refusals, a few uploads and
// clients that go away.
func (st *stage) kinds() []kind {
	m := st.material
	bearer := func(t string) http.Header { return http.Header{"Authorization": {"Bearer " + t}} }
	get := func(path string, h func() http.Header) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { return st.send(ctx, st.client, http.MethodGet, path, h(), nil) }
	}
	fixed := func(h http.Header) func() http.Header { return func() http.Header { return h } }
	login := func(password string) http.Header {
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(rig.User+":"+password))}}
	}
	return []kind{
		{"no auth", 10, get("/open/7", fixed(nil)), []int{200}, true},
		{"JWT RS256", 30, get("/rs256/7", func() http.Header { return bearer(pick(m.Tokens[token.RS256])) }), []int{200}, true},
		{"JWT ES256", 15, get("/es256/7", func() http.Header { return bearer(pick(m.Tokens[token.ES256])) }), []int{200}, true},
		{"Basic", 10, get("/basic/7", fixed(login(rig.Password))), []int{200}, true},
		{"API key", 15, get("/key/7", func() http.Header { return http.Header{"X-Api-Key": {pick(m.Keys)}} }), []int{200}, true},
		{"a rule of many", 5, func(ctx context.Context) (int, error) {
			return st.send(ctx, st.client, http.MethodGet, "/r/"+strconv.Itoa(rand.IntN(20))+"/x", nil, nil)
		}, []int{200}, true},
		{"no credentials", 4, get("/rs256/7", fixed(nil)), []int{401}, false},
		{"no token", 2, get("/rs256/7", func() http.Header { return bearer("not.a." + strconv.Itoa(rand.Int())) }), []int{401}, false},
		{"bad signature", 2, get("/rs256/7", fixed(bearer(m.Bad["signature"]))), []int{401}, false},
		{"unknown key", 1, get("/rs256/7", fixed(bearer(m.Bad["key"]))), []int{401}, false},
		{"token seen once", 1, st.fresh, []int{200}, true},
		{"wrong password", 1, func(ctx context.Context) (int, error) {
			return st.send(ctx, st.guesser, http.MethodGet, "/basic/7", login("wrong"+strconv.Itoa(rand.Int())), nil)
		}, []int{401, 429}, false},
		{"page of a browser", 1, get("/rs256/7", fixed(http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})), []int{401}, false},
		{"path that is not clean", 1, get("/rs256/%2e%2e/open", fixed(nil)), []int{400, 401, 403}, false},
		{"upload", 1, st.upload, []int{200}, true},
		{"upload without credentials", 1, st.earlyRefusal, []int{0, 401}, false},
		{"client that goes away", 1, st.abort, []int{0}, false},
		{"new connection", 1, func(ctx context.Context) (int, error) {
			return st.send(ctx, st.client, http.MethodGet, "/open/7", http.Header{"Connection": {"close"}}, nil)
		}, []int{200}, true},
	}
}

// send makes one request and reads the whole answer.
func (st *stage) send(ctx context.Context, c *http.Client, method, path string, h http.Header, body io.Reader) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+st.gate.Addr+path, body)
	if err != nil {
		return 0, err
	}
	for name, values := range h {
		r.Header[name] = values
	}
	r.Close = h.Get("Connection") == "close"
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode == http.StatusUnauthorized && (res.Header.Get("Www-Authenticate") == "" || len(data) == 0) {
		err = errors.New("401 without a challenge or a body")
	}
	return res.StatusCode, err
}

// fresh is a token that nobody has seen before.
func (st *stage) fresh(ctx context.Context) (int, error) {
	t, err := st.material.Token(token.ES256, rand.IntN(1e6), 10*time.Minute)
	if err != nil {
		return 0, err
	}
	return st.send(ctx, st.client, http.MethodGet, "/es256/7", http.Header{"Authorization": {"Bearer " + t}}, nil)
}

// uploaded is what uploads are cut from.
var uploaded = bytes.Repeat([]byte("0123456789abcdef"), 64<<10)

// upload sends up to a mebibyte, and the API must have got all of it.
func (st *stage) upload(ctx context.Context) (int, error) {
	n := rand.IntN(len(uploaded)) + 1
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+st.gate.Addr+"/rs256/upload", bytes.NewReader(uploaded[:n]))
	if err != nil {
		return 0, err
	}
	if n%2 == 0 {
		r.ContentLength = -1 // chunked
	}
	r.Header.Set("Authorization", "Bearer "+pick(st.material.Tokens[token.RS256]))
	res, err := st.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode == http.StatusOK && string(data) != strconv.Itoa(n) {
		err = fmt.Errorf("of %d octets the API got %.20s", n, data)
	}
	return res.StatusCode, err
}

// earlyRefusal is an upload that is refused before it is read. The gate may end
// the connection while the client still writes; then there is no answer to see.
func (st *stage) earlyRefusal(ctx context.Context) (int, error) {
	status, err := st.send(ctx, st.client, http.MethodPost, "/rs256/upload", nil, bytes.NewReader(uploaded))
	var broken *net.OpError
	if errors.As(err, &broken) {
		return 0, nil
	}
	return status, err
}

// abort is a client that goes away: in the middle of its fields, of its body, or
// before the answer.
func (st *stage) abort(ctx context.Context) (int, error) {
	d := &net.Dialer{Timeout: time.Minute}
	c, err := d.DialContext(ctx, "tcp", st.gate.Addr)
	if err != nil {
		return 0, err
	}
	text := []string{
		"GET /rs256/7 HTTP/1.1\r\nHost: x\r\nAuthor",
		"POST /rs256/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nAuthorization: Bearer " + st.material.Tokens[token.RS256][0] + "\r\n\r\n" + strings.Repeat("x", 5000),
		"GET /open/7 HTTP/1.1\r\nHost: x\r\n\r\n",
	}[rand.IntN(3)]
	_, err = io.WriteString(c, text)
	return 0, errors.Join(err, c.Close())
}

// tally is what came of one kind.
type tally struct {
	done, away, wrong atomic.Int64
	first             atomic.Pointer[string] // what went wrong first
}

func (t *tally) fault(text string) {
	t.wrong.Add(1)
	t.first.CompareAndSwap(nil, &text)
}

// tallies are those of all kinds, in order.
type tallies struct {
	mu    sync.Mutex
	names []string
	of    map[string]*tally
}

func newTallies() *tallies { return &tallies{of: map[string]*tally{}} }

func (t *tallies) get(name string) *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.of[name]
	if x == nil {
		x = &tally{}
		t.of[name], t.names = x, append(t.names, name)
	}
	return x
}

func (t *tallies) total() (done, wrong int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.of {
		done, wrong = done+x.done.Load(), wrong+x.wrong.Load()
	}
	return done, wrong
}

// once does a thing of that kind and counts what came of it.
func (st *stage) once(ctx context.Context, k *kind, t *tally) {
	began := time.Now()
	status, err := k.do(ctx)
	t.done.Add(1)
	right := err == nil
	if right {
		right = false
		for _, w := range k.want {
			right = right || w == status
		}
	}
	switch {
	case right:
	case ctx.Err() != nil:
		t.done.Add(-1) // the end came first
	case k.through && st.api.missed(began):
		t.away.Add(1)
	case err != nil:
		t.fault(err.Error())
	default:
		t.fault("status " + strconv.Itoa(status))
	}
}

// workers keep the mix up at a rate, or as fast as they can where it is 0, until
// ctx ends. They return when all have ended.
func (st *stage) workers(ctx context.Context, n int, rate float64) {
	var bag []*kind
	kinds := st.kinds()
	for i := range kinds {
		for range kinds[i].weight {
			bag = append(bag, &kinds[i])
		}
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			every := time.Duration(0)
			if rate > 0 {
				every = time.Duration(float64(n) / rate * float64(time.Second))
			}
			next := time.Now().Add(every * time.Duration(i) / time.Duration(n))
			for ctx.Err() == nil {
				if d := time.Until(next); d > 0 {
					sleep(ctx, d)
				} else if d < -time.Second {
					next = time.Now() // what was missed is not made up for
				}
				next = next.Add(every)
				k := pick(bag)
				st.once(ctx, k, st.tallies.get(k.name))
			}
		})
	}
	all.Wait()
}
