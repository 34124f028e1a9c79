package freeport_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/gate401/gate401/internal/freeport"
)

// Until the program is there nobody answers; it listens, ends and listens again.
func TestHold(t *testing.T) {
	address := freeport.Hold(t)
	for range 2 {
		if c, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("%v, %v; want it refused", c, err)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		_ = l.Close()
	}
}
