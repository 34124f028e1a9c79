package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/token"
)

// streams are clients that stay: of each sort that many at a time.
const streams = 6

// hold keeps streams open until ctx ends: event streams that the client leaves,
// event streams that their token ends, and WebSockets.
func (st *stage) hold(ctx context.Context) {
	var all sync.WaitGroup
	for _, k := range []kind{
		{"event stream, client leaves", 0, st.leave, []int{200}, true},
		{"event stream, token ends", 0, st.outlive, []int{200}, true},
		{"WebSocket", 0, st.talk, []int{101}, true},
	} {
		for range streams {
			all.Go(func() {
				for ctx.Err() == nil {
					st.once(ctx, &k, st.tallies.get(k.name))
					sleep(ctx, time.Duration(rand.IntN(1000))*time.Millisecond)
				}
			})
		}
	}
	all.Wait()
}

// listen opens a stream of events.
func (st *stage) listen(ctx context.Context, t string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+st.gate.Addr+"/rs256/events", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+t)
	r.Header.Set("Accept", "text/event-stream")
	c := *st.client
	c.Timeout = 0
	return c.Do(r)
}

// leave reads events for a while and goes.
func (st *stage) leave(ctx context.Context) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	res, err := st.listen(ctx, pick(st.material.Tokens[token.RS256]))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, nil
	}
	n := rand.IntN(200) + 1
	for s := bufio.NewScanner(res.Body); n > 0 && s.Scan(); n-- {
	}
	if n > 0 && ctx.Err() == nil {
		return 0, errors.New("the stream ended before the client wanted it to")
	}
	return res.StatusCode, nil
}

// outlive reads events until the gate ends the stream because the token is over,
// within a minute of that.
func (st *stage) outlive(ctx context.Context) (int, error) {
	lasts := time.Duration(2+rand.IntN(8)) * time.Second
	t, err := st.material.Token(token.RS256, 1, lasts)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, lasts+time.Minute)
	defer cancel()
	res, err := st.listen(ctx, t)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, nil
	}
	_, err = io.Copy(io.Discard, res.Body)
	switch took := time.Since(began); {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("the stream went on after its token had ended: %w", ctx.Err())
	case took < lasts-time.Second:
		// The iat of the token is cut to a second.
		return 0, fmt.Errorf("the stream ended after %s, its token after %s", took, lasts)
	}
	return res.StatusCode, err
}

// talk says some things to a WebSocket, hears them back and goes, with a word or
// without.
func (st *stage) talk(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	c, res, err := websocket.Dial(ctx, "ws://"+st.gate.Addr+"/rs256/socket", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: st.client.Transport},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + pick(st.material.Tokens[token.RS256])}},
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.CloseNow() }()
	said := strings.Repeat("hello ", 1+rand.IntN(100))
	for range 1 + rand.IntN(100) {
		if err := c.Write(ctx, websocket.MessageText, []byte(said)); err != nil {
			return 0, err
		}
		_, heard, err := c.Read(ctx)
		if err != nil {
			return 0, err
		}
		if string(heard) != said {
			return 0, errors.New("the WebSocket said something else")
		}
		sleep(ctx, 50*time.Millisecond)
	}
	if rand.IntN(2) == 0 {
		return res.StatusCode, nil // CloseNow: without a word
	}
	return res.StatusCode, c.Close(websocket.StatusNormalClosure, "")
}
