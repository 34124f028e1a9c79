package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/reason"
)

// frame makes a frame by the grammar of RFC 6455 section 5.2.
func frame(head byte, masked bool, payload []byte) []byte {
	out := []byte{head}
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		out = append(out, bit|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, bit|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, bit|127), uint64(n))
	}
	if masked {
		out = append(out, 1, 2, 3, 4)
	}
	return append(out, payload...)
}

func TestFrames(t *testing.T) {
	long := make([]byte, 70_000)
	for _, c := range []struct {
		name   string
		in     [][]byte
		closed bool
	}{
		{"text", [][]byte{frame(0x81, false, []byte("hello"))}, false},
		{"empty", [][]byte{frame(0x81, false, nil), frame(0x89, true, nil)}, false},
		{"lengths", [][]byte{frame(0x82, true, long[:125]), frame(0x82, false, long[:126]), frame(0x82, true, long[:65535]), frame(0x82, false, long)}, false},
		{"fragments with a ping between", [][]byte{frame(0x01, true, []byte("a")), frame(0x89, true, nil), frame(0x80, true, []byte("b"))}, false},
		{"compressed", [][]byte{frame(0xc1, false, []byte{0x4a, 0x04, 0x00})}, false},
		{"close", [][]byte{frame(0x81, true, []byte("bye")), frame(0x88, true, []byte{3, 232})}, true},
	} {
		// In one piece, octet by octet, and in pieces of a prime length.
		all := bytes.Join(c.in, nil)
		for _, piece := range []int{len(all), 1, 7} {
			var f wsFrames
			ends := 0
			for rest := all; len(rest) > 0; {
				p := rest[:min(piece, len(rest))]
				rest = rest[len(p):]
				for len(p) > 0 {
					n := f.next(p)
					p = p[n:]
					if f.whole() {
						ends++
					}
				}
			}
			if ends != len(c.in) || !f.whole() || f.closed != c.closed {
				t.Errorf("%s in pieces of %d: %d frames, want %d; closed %v", c.name, piece, ends, len(c.in), f.closed)
			}
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(0x81, true, []byte("hello")), 3)
	f.Add(frame(0x88, false, []byte{3, 232}), 1)
	f.Add([]byte{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 2)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		if piece <= 0 || piece > len(in) {
			piece = len(in) + 1
		}
		var whole, parts wsFrames
		walk(&whole, in)
		for rest := in; len(rest) > 0; {
			p := rest[:min(piece, len(rest))]
			rest = rest[len(p):]
			for len(p) > 0 {
				n := parts.next(p)
				if n <= 0 || n > len(p) {
					t.Fatalf("took %d of %d octets", n, len(p))
				}
				p = p[n:]
			}
		}
		if whole != parts {
			t.Errorf("in one piece %+v, in pieces of %d %+v", whole, piece, parts)
		}
		var a, b rpcMessages
		walk(&a, in)
		for i := range in {
			walk(&b, in[i:i+1])
		}
		if a != b {
			t.Errorf("messages: %+v and %+v", a, b)
		}
	})
}

func TestEventsBetween(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, "data: x\n\n": true, "data: x\r\n\r\n": true, "data: x\r\r": true,
		"data: x": false, "data: x\n": false, "data: x\r\n": false, "data: x\n\ndata": false,
	} {
		for _, piece := range []int{1, 2, 100} {
			var e events
			for rest := in; rest != ""; {
				n := min(piece, len(rest))
				walk(&e, []byte(rest[:n]))
				rest = rest[n:]
			}
			if e.between() != want {
				t.Errorf("%q in pieces of %d: %v", in, piece, !want)
			}
		}
	}
}

// half is a connection that can be closed for writing.
type half struct{ net.Conn }

func (h half) CloseWrite() error { return nil }

// The close frame comes between two frames, whatever was under way on either
// side, between two fragments too; data behind it does not get through.
func TestTunnelEndsBetweenFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, ours := net.Pipe()
		back, theirs := net.Pipe()
		tunnel := &tunnel{back: half{back}, client: half{ours}, reader: bufio.NewReader(ours), over: make(chan struct{})}
		tunnel.down.dst, tunnel.up.dst = ours, back
		carried := make(chan struct{})
		go func() {
			defer close(carried)
			tunnel.carry(t.Context())
		}()
		var toClient, toServer bytes.Buffer
		for _, p := range []struct {
			from net.Conn
			to   *bytes.Buffer
		}{{client, &toClient}, {theirs, &toServer}} {
			go func() { _, _ = io.Copy(p.to, p.from) }()
		}
		send := func(c net.Conn, p []byte) {
			if _, err := c.Write(p); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		first := frame(0x01, false, []byte("a fragment"))
		upload := frame(0x82, true, []byte("an upload"))
		send(theirs, first[:4])
		send(client, upload[:9])
		tunnel.finish(reason.TokenExpired)
		synctest.Wait()
		if toClient.Len() != 4 || toServer.Len() != 9 {
			t.Errorf("inside of a frame came %q and %q", toClient.Bytes(), toServer.Bytes())
		}
		// What is under way finishes; what comes behind it does not.
		send(theirs, append(first[4:], frame(0x80, false, []byte("the rest"))...))
		send(client, append(upload[9:], frame(0x82, true, []byte("another"))...))
		goodbye := closeFrame(policyViolation, "token-expired", nil)
		if want := append(bytes.Clone(first), goodbye...); !bytes.Equal(toClient.Bytes(), want) {
			t.Errorf("the client got %q, want %q", toClient.Bytes(), want)
		}
		rest, ok := bytes.CutPrefix(toServer.Bytes(), upload)
		if !ok || len(rest) != len(goodbye)+4 || rest[1] != 0x80|byte(len(goodbye)-2) {
			t.Fatalf("the upstream got %q", toServer.Bytes())
		}
		mask, text := rest[2:6], rest[6:]
		for i := range text {
			text[i] ^= mask[i%4]
		}
		if !bytes.Equal(text, goodbye[2:]) {
			t.Errorf("the upstream got the close frame %q", text)
		}
		// Both answer, and it is over at once.
		began := time.Now()
		send(client, frame(0x88, true, goodbye[2:]))
		send(theirs, frame(0x88, false, goodbye[2:]))
		<-carried
		if d := time.Since(began); d > 0 {
			t.Errorf("it took another %s", d)
		}
	})
}

// Whoever does not answer, or never finishes a frame, is cut off after a while.
func TestTunnelEndsAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, ours := net.Pipe()
		back, theirs := net.Pipe()
		tunnel := &tunnel{back: back, client: ours, reader: bufio.NewReader(ours), over: make(chan struct{})}
		tunnel.down.dst, tunnel.up.dst = ours, back
		carried := make(chan struct{})
		go func() {
			defer close(carried)
			tunnel.carry(t.Context())
		}()
		go func() { _, _ = io.Copy(io.Discard, client) }()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		_, _ = theirs.Write([]byte{0x82, 100, 'x'})
		synctest.Wait()
		began := time.Now()
		tunnel.finish(reason.APIKeyRevoked)
		<-carried
		if d := time.Since(began); d != grace {
			t.Errorf("it took %s, want %s", d, grace)
		}
	})
}

// One that was closed already gets no second close frame.
func TestTunnelClosed(t *testing.T) {
	var out bytes.Buffer
	l := lane{dst: &out}
	bye := frame(0x88, false, []byte{3, 232})
	_, _ = l.Write(bye)
	l.end(closeFrame(policyViolation, "token-expired", nil))
	_, _ = l.Write(frame(0x81, false, []byte("late")))
	if !bytes.Equal(out.Bytes(), bye) {
		t.Errorf("%q", out.Bytes())
	}
}

func TestCloseFrame(t *testing.T) {
	f := closeFrame(1008, strings.Repeat("x", 500), nil)
	if len(f) != 2+2+maxClose || f[1] != 125 {
		t.Errorf("%d octets, length %d", len(f), f[1])
	}
}
