//go:build unix

package upstream_test

import (
	"net"
	"os"
	"syscall"
)

// socketPair is a connection without a port: tests that open thousands would
// use them all up.
func socketPair(t interface{ Fatal(...any) }) (near, far net.Conn) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "pair")
		if ends[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	return ends[0], ends[1]
}
