package stream_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/e2e/program"
)

// how says how a WebSocket was closed.
func how(err error) string {
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return fmt.Sprintf("%d %s", closed.Code, closed.Reason)
	}
	return fmt.Sprint(err)
}

// What is withdrawn on the command line ends what is open at the gate, and what
// is not withdrawn stays open.
func TestWithdrawnBesides(t *testing.T) {
	g := serve(t, "")
	g.run("user", "add", "alice", "--password-stdin")
	g.run("user", "add", "bob", "--password-stdin")
	basic := func(name string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":correct horse battery staple"))
	}
	other, _ := g.key("--name", "other")
	stays := g.chat("X-Api-Key", other)
	value, id := g.key("--name", "first")
	g.run("user", "add", "carol", "--password-stdin")
	owned, _ := g.key("--owner", "carol")
	g.run("user", "add", "erin", "--password-stdin")
	g.run("user", "add", "dave", "--password-stdin")
	signed := g.run("token", "issue", "--sub", "dave", "--ttl", "1h")
	for _, c := range []struct {
		name, field, value string
		withdraw           []string
		want               string
	}{
		{"a key", "X-Api-Key", value, []string{"key", "revoke", id}, "1008 api-key-revoked"},
		{"a person by password", "Authorization", basic("bob"), []string{"user", "suspend", "bob"}, "1008 account-suspended"},
		{"a person who needs more than a password now", "Authorization", basic("erin"), []string{"user", "groups", "erin", "--add", "twice"}, "1008 authentication-too-weak"},
		{"a person by token", "Authorization", "Bearer " + g.run("token", "issue", "--sub", "alice"), []string{"user", "suspend", "alice"}, "1008 account-suspended"},
		// Whoever stole it has signed that too, and there is nothing else to withdraw.
		{"the key that signed", "Authorization", "Bearer " + signed, []string{"signing-key", "revoke", signer(t, signed), "--now"}, "1008 token-invalid"},
		{"a key of a person", "X-Api-Key", owned, []string{"user", "remove", "carol", "--yes"}, "1008 api-key-revoked"},
	} {
		conn := g.chat(c.field, c.value)
		g.run(c.withdraw...)
		began := time.Now()
		if got := ended(t, conn); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		t.Logf("%s: %s after the command", c.name, time.Since(began).Round(time.Millisecond))
		if got := how(<-g.closed); got != c.want {
			t.Errorf("%s: the API saw %s, want %s", c.name, got, c.want)
		}
	}
	if err := stays.Write(t.Context(), websocket.MessageText, []byte("still here")); err != nil {
		t.Error(err)
	}
	if _, text, err := stays.Read(t.Context()); err != nil || string(text) != "still here" {
		t.Errorf("%q, %v", text, err)
	}
}

// signer is the key that signed a token.
func signer(t *testing.T, text string) string {
	t.Helper()
	head, _, _ := strings.Cut(text, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	var h struct{ Kid string }
	if err != nil || json.Unmarshal(b, &h) != nil || h.Kid == "" {
		t.Fatal(text, err)
	}
	return h.Kid
}

// A key that expires ends what it opened; the feed says why at its end, and the
// next connection is refused.
func TestExpires(t *testing.T) {
	g := serve(t, "")
	value, _ := g.key("--expires", "12s")
	conn := g.chat("X-Api-Key", value)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", g.url+"/feed", nil)
	req.Header.Set("X-Api-Key", value)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if _, last, ok := strings.Cut(string(body), "event: gate401\ndata: "); err != nil || !ok || !strings.Contains(last, `"code":"api-key-expired"`) {
		t.Errorf("%v, the last event is %q", err, last)
	}
	if got := ended(t, conn); got != "1008 api-key-expired" {
		t.Errorf("%s", got)
	}
	res, err = http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 401 {
		t.Error(res, err)
	}
	for end := time.Now().Add(program.Patience); g.Event("stream ended") == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in the log: %s", g.Stderr)
		}
	}
}

// When the gate ends, WebSockets are told to come again.
func TestGoingAway(t *testing.T) {
	g := serve(t, "")
	value, _ := g.key()
	conn := g.chat("X-Api-Key", value)
	if err := g.Terminate(); err != nil {
		t.Fatal(err)
	}
	if got := ended(t, conn); got != "1001 the gate restarts" {
		t.Errorf("%s", got)
	}
	if err := g.Wait(program.Patience); err != nil {
		t.Error(err)
	}
}
