package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
	"github.com/gate401/gate401/internal/stream"
	"github.com/gate401/gate401/reason"
)

// brief is how long tokens live that a test waits for.
const brief = 300 * time.Millisecond

// endingGate knows the tokens "brief" and "seconds", which expire, "key", which is an API key,
// and "old", of a person who authenticated a while ago.
func endingGate() *gate401.Gate {
	bearer := gate401.NewFunc("bearer", "Bearer", "api", func(_ context.Context, r *gate401.Request, token string) (*gate401.Identity, error) {
		switch token {
		case "brief":
			return &gate401.Identity{Subject: "alice", Method: "bearer", Credential: "jti1", Expires: r.Time.Add(brief - time.Second), Leeway: time.Second}, nil
		case "seconds":
			return &gate401.Identity{Subject: "alice", Method: "bearer", Expires: r.Time.Add(4 * time.Second)}, nil
		case "key":
			return &gate401.Identity{Subject: "robot", Method: "api-key", Credential: "k1"}, nil
		case "old":
			return &gate401.Identity{Subject: "bob", Method: "bearer", AuthTime: r.Time.Add(brief - time.Hour)}, nil
		}
		return nil, &gate401.Denial{Reason: reason.TokenInvalid}
	}).DangerouslyUncounted()
	private := gate401.Requirement{Rule: "private", Accept: []gate401.Authenticator{bearer}}
	aged := private
	aged.Rule, aged.MaxAge = "aged", time.Hour
	return &gate401.Gate{Policy: func(r *gate401.Request) gate401.Requirement {
		switch {
		case strings.HasPrefix(r.Path, "/public"):
			return gate401.Requirement{Rule: "public", Open: true}
		case strings.HasPrefix(r.Path, "/aged"):
			return aged
		}
		return private
	}}
}

// ending runs h behind a gate that ends streams.
func ending(t *testing.T, h http.HandlerFunc, end proxy.End) (*rig, *stream.Hub) {
	hub := &stream.Hub{}
	return start(t, h, func(c *proxy.Config) {
		c.Gate, c.Revoked, c.End = endingGate(), hub, end
	}), hub
}

func (s *rig) with(t *testing.T, target, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.addr+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// drip sends line again and again until the client goes.
func drip(media, line string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", media)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// A stream of events ends with its token, says why to those who listen, and the
// next connection is refused.
func TestEventsEnd(t *testing.T) {
	s, hub := ending(t, drip("text/event-stream", "data: x\n\n"), "")
	for _, c := range []struct {
		target, token, want string
		during              func()
	}{
		{"/feed", "brief", "token-expired", nil},
		{"/aged", "old", "authentication-too-old", nil},
		{"/feed", "key", "api-key-revoked", func() { hub.Publish(stream.Revocation{Kind: stream.Key, ID: "k1"}) }},
		{"/feed", "key", "account-suspended", func() {
			hub.Publish(stream.Revocation{Kind: stream.Subject, ID: "robot", Reason: reason.AccountSuspended})
		}},
	} {
		res := s.with(t, c.target, c.token)
		if c.during != nil {
			_, _ = io.ReadFull(res.Body, make([]byte, 9))
			c.during()
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Errorf("%s: it did not end cleanly: %v", c.want, err)
		}
		_, last, _ := strings.Cut(string(body), "event: gate401\ndata: ")
		if !strings.Contains(last, `"code":"`+c.want+`"`) || !strings.HasSuffix(last, "}\n\n") {
			t.Errorf("%s: the last event is %q", c.want, last)
		}
	}
	if n := hub.Len(); n != 0 {
		t.Errorf("%d streams are still known", n)
	}
}

// Other streams are broken off, so that none looks complete; a download finishes,
// unless the configuration ends everything.
func TestOtherEnds(t *testing.T) {
	for _, c := range []struct {
		end        proxy.End
		media      string
		want       error
		wantFinish bool
	}{
		{proxy.EndStreams, "application/x-ndjson", io.ErrUnexpectedEOF, false},
		{proxy.EndStreams, "application/zip", nil, true},
		{proxy.EndAll, "application/zip", io.ErrUnexpectedEOF, false},
		{proxy.EndNone, "text/event-stream", nil, true},
	} {
		s, _ := ending(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", c.media)
			fmt.Fprint(w, "begin\n\n")
			_ = http.NewResponseController(w).Flush()
			goesOn := 30 * time.Second
			if c.wantFinish {
				goesOn = 3 * brief
			}
			select {
			case <-r.Context().Done():
			case <-time.After(goesOn):
				fmt.Fprint(w, "end")
			}
		}, c.end)
		body, err := io.ReadAll(s.with(t, "/feed", "brief").Body)
		if !errors.Is(err, c.want) || strings.HasSuffix(string(body), "end") != c.wantFinish {
			t.Errorf("%s %s: %q, %v; want %v", c.end, c.media, body, err, c.want)
		}
	}
}

// A WebSocket is closed with 1008 and the reason, on both sides.
func TestWebSocketEnds(t *testing.T) {
	upstream := make(chan error, 10)
	s, hub := ending(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			upstream <- err
			return
		}
		for {
			kind, text, err := c.Read(r.Context())
			if err != nil {
				upstream <- err
				return
			}
			if err := c.Write(r.Context(), kind, text); err != nil {
				upstream <- err
				return
			}
		}
	}, "")
	for _, c := range []struct {
		token string
		want  string
		code  websocket.StatusCode
		end   func()
	}{
		{"seconds", "token-expired", websocket.StatusPolicyViolation, nil},
		{"key", "api-key-revoked", websocket.StatusPolicyViolation, func() { hub.Publish(stream.Revocation{Kind: stream.Key, ID: "k1"}) }},
		{"key", "the gate restarts", websocket.StatusGoingAway, hub.Close},
	} {
		conn, res, err := websocket.Dial(t.Context(), "ws://"+s.addr+"/chat", &websocket.DialOptions{
			HTTPHeader:      http.Header{"Authorization": {"Bearer " + c.token}},
			CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			t.Fatal(err, res)
		}
		talk := func(text string) error {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				return err
			}
			_, got, err := conn.Read(t.Context())
			if err == nil && string(got) != text {
				t.Errorf("%q came back as %q", text, got)
			}
			return err
		}
		if err := talk(strings.Repeat("long ", 6_000)); err != nil {
			t.Fatal(err)
		}
		if c.end != nil {
			c.end()
		}
		for err = nil; err == nil; {
			err = talk("ping")
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) {
			_, _, err = conn.Read(t.Context())
		}
		if !errors.As(err, &closed) || closed.Code != c.code || closed.Reason != c.want {
			t.Errorf("%s: the client saw %v", c.want, err)
		}
		if err := <-upstream; !errors.As(err, &closed) || closed.Code != c.code || closed.Reason != c.want {
			t.Errorf("%s: the upstream saw %v", c.want, err)
		}
		_ = conn.CloseNow()
	}
}

// rpcMessage is a gRPC message.
func rpcMessage(text string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text))), text...)
}

// rpcRig is a gate over HTTP/2 in front of an upstream over HTTP/2.
func rpcRig(t *testing.T, h http.HandlerFunc) (*http.Client, string, *stream.Hub) {
	t.Helper()
	up := httptest.NewUnstartedServer(h)
	up.Config.Protocols = new(http.Protocols)
	up.Config.Protocols.SetUnencryptedHTTP2(true)
	up.Start()
	t.Cleanup(up.Close)
	u, _ := url.Parse(up.URL)
	tr := &http.Transport{Protocols: up.Config.Protocols}
	t.Cleanup(tr.CloseIdleConnections)
	hub := &stream.Hub{}
	p, err := proxy.New(proxy.Config{Gate: endingGate(), Upstream: u, Transport: tr, Revoked: hub})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(p)
	front.EnableHTTP2 = true
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	front.StartTLS()
	t.Cleanup(front.Close)
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	t.Cleanup(client.CloseIdleConnections)
	return client, front.URL, hub
}

// call makes a gRPC call and reads it to its end.
func call(t *testing.T, client *http.Client, target, token string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", target, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc+proto")
	req.Header.Set("Te", "trailers")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("the call did not end cleanly: %v", err)
	}
	return res, got
}

// A gRPC stream ends with a status between two messages; one that got no answer
// yet while its client goes on sending, too; a call that is complete finishes.
func TestRPCEnds(t *testing.T) {
	message := string(rpcMessage(strings.Repeat("m", 100_000)))
	client, target, _ := rpcRig(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/silent":
			_, _ = io.Copy(io.Discard, r.Body)
		case "/unary":
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(2 * brief)
		default:
			w.Header().Set("Trailer", "Grpc-Status")
			drip("application/grpc+proto", message)(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/grpc+proto")
		_, _ = w.Write(rpcMessage("done"))
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	})
	var res *http.Response
	var got []byte
	// The shorter the quicker; a machine that has others to serve needs longer for
	// the first message.
	for _, token := range []string{"brief", "seconds"} {
		if res, got = call(t, client, target+"/feed", token, nil); len(got) > 0 {
			break
		}
	}
	if res.Trailer.Get("Grpc-Status") != "16" || res.Trailer.Get("Gate401-Reason") != "token-expired" || len(res.Trailer["Grpc-Status"]) != 1 {
		t.Errorf("trailers %v", res.Trailer)
	}
	if len(got) == 0 || len(got)%len(message) != 0 {
		t.Errorf("%d octets, a message has %d", len(got), len(message))
	}

	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write(rpcMessage("hello")) }()
	res, _ = call(t, client, target+"/silent", "brief", r)
	if res.Header.Get("Grpc-Status") != "16" || res.Header.Get("Gate401-Reason") != "token-expired" || res.StatusCode != 200 {
		t.Errorf("fields %v", res.Header)
	}

	res, got = call(t, client, target+"/unary", "brief", bytes.NewReader(rpcMessage("hello")))
	if res.Trailer.Get("Grpc-Status") != "0" || !bytes.Equal(got, rpcMessage("done")) {
		t.Errorf("%q, trailers %v", got, res.Trailer)
	}
}

// A gRPC client that is refused reads why in its own words.
func TestRPCRefused(t *testing.T) {
	client, target, _ := rpcRig(t, func(http.ResponseWriter, *http.Request) { t.Error("it reached the upstream") })
	res, body := call(t, client, target+"/feed", "wrong", strings.NewReader("x"))
	if res.StatusCode != 200 || res.Header.Get("Grpc-Status") != "16" || res.Header.Get("Content-Type") != "application/grpc+proto" || len(body) != 0 ||
		res.Header.Get("Www-Authenticate") == "" || res.Header.Get("Gate401-Reason") != "token-invalid" || res.Header.Get("X-Request-Id") == "" ||
		!strings.HasPrefix(res.Header.Get("Grpc-Message"), "The access token is not valid. ") {
		t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
	}
}

// On HTTP/1.1 nothing is gRPC, whatever it calls itself.
func TestNoRPC(t *testing.T) {
	s := start(t, echo, nil)
	res, _ := s.raw("POST /orders HTTP/1.1\nHost: a\nContent-Type: application/grpc\nContent-Length: 0\n\n")
	if res.StatusCode != 401 {
		t.Errorf("%d", res.StatusCode)
	}
	res, body := s.raw("POST /orders HTTP/1.1\nHost: a\nContent-Type: application/grpc-web+proto\nContent-Length: 0\nOrigin: https://a.example\n\n")
	if res.StatusCode != 200 || res.Header.Get("Grpc-Status") != "16" || body != "" {
		t.Errorf("gRPC-Web: %d %v %q", res.StatusCode, res.Header, body)
	}
}

// What ended is said in the log once, with the reason.
func TestEndIsLogged(t *testing.T) {
	var logged lines
	s := start(t, drip("text/event-stream", "data: x\n\n"), func(c *proxy.Config) {
		c.Gate, c.Log = endingGate(), logged.logger()
	})
	c := s.dial()
	fmt.Fprint(c, "GET /feed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer brief\r\nConnection: close\r\n\r\n")
	if _, err := io.ReadAll(bufio.NewReader(c)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); strings.Count(logged.String(), "stream ended") == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if got := logged.String(); strings.Count(got, "stream ended") != 1 || !strings.Contains(got, `"reason":"token-expired"`) || !strings.Contains(got, `"subject":"alice"`) {
		t.Errorf("logged %q", got)
	}
}

// One that the gate broke off is no fault of the upstream.
func TestBreakingOffIsNotLoggedAsTheUpstreams(t *testing.T) {
	var logged lines
	s := start(t, drip("application/x-ndjson", "{}\n"), func(c *proxy.Config) {
		c.Gate, c.Log = endingGate(), logged.logger()
	})
	if _, err := io.ReadAll(s.with(t, "/feed", "brief").Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%v, want that it is broken off", err)
	}
	for deadline := time.Now().Add(time.Minute); strings.Count(logged.String(), "stream ended") == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if got := logged.String(); strings.Count(got, "stream ended") != 1 || strings.Contains(got, "broke off") {
		t.Errorf("logged %q", got)
	}
}
