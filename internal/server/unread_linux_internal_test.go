package server

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// A client that never reads, and whose kernel goes on answering, is cut off.
func TestUnreadConnectionEnds(t *testing.T) {
	lc := listening(time.Second)
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	// Without the limit of the kernel this one ends the wait, with another error.
	if err := c.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 1<<20)
	for err == nil {
		_, err = c.Write(chunk)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("%v, want what the kernel says of a connection that took nothing in time", err)
	}
}
