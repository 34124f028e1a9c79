//go:build linux

package upstream_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/e2e/program"
)

// A WebSocket takes a place at its server, and gives it back: with one place,
// each comes after the one before.
func TestWebSocketTakesAPlace(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, text, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), kind, text); err != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	g := serve(t, fmt.Sprintf("gate: {listen: '127.0.0.1:0', upstream: api}\nupstreams: {api: {urls: [%q], max_requests: 1}}\nrules: [{path: /ws, allow: anyone}]\n", s.URL))
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	for i := range 3 {
		c, res, err := websocket.Dial(ctx, strings.Replace(g.base, "http", "ws", 1)+"/ws", nil)
		if err != nil {
			t.Fatalf("number %d: %v %v", i, res, err)
		}
		for _, text := range []string{"one", "two"} {
			if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.Read(ctx); err != nil || string(got) != text {
				t.Fatalf("%q %v", got, err)
			}
		}
		if i%2 == 0 {
			err = c.Close(websocket.StatusNormalClosure, "")
		} else {
			err = c.CloseNow()
		}
		if err != nil {
			t.Error(err)
		}
	}
}
