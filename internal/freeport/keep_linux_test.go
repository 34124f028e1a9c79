package freeport_test

import (
	"net"
	"testing"

	"github.com/gate401/gate401/internal/freeport"
)

// Nobody gets a port that is kept: no listener, no connection that goes out, and
// nobody else who wants to keep one.
func TestNobodyElseGetsIt(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	kept := map[string]bool{}
	for range 200 {
		address := freeport.Hold(t)
		if kept[address] {
			t.Fatalf("%s was kept already", address)
		}
		kept[address] = true
	}
	for range 2000 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		// By a reset, so that the many ports are free for others at once.
		_ = c.(*net.TCPConn).SetLinger(0)
		for _, got := range []string{l.Addr().String(), c.LocalAddr().String()} {
			if kept[got] {
				t.Errorf("%s was given away", got)
			}
		}
		_ = c.Close()
		_ = l.Close()
	}
}
