//go:build !linux

package freeport

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
)

// keep looks for a port below those that the system gives to listeners and to
// connections that go out. Another program that looks for one can still take it.
func keep() (string, io.Closer, error) {
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprint("127.0.0.1:", 12000+rand.IntN(20000))); err == nil {
			return l.Addr().String(), nothing{}, l.Close()
		}
	}
	return "", nil, errors.Join(errors.New("no port is free"), err)
}

type nothing struct{}

func (nothing) Close() error { return nil }
