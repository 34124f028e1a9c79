package server

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listening is how the gate's addresses are taken: a client that takes no octet
// of what waits for it within timeout loses its connection. The kernel measures
// that (TCP_USER_TIMEOUT, RFC 5482, which holds for a closed window too) and
// accepted connections have it from their listener, so that no write needs a
// deadline, and no stream that moves has an end.
func listening(timeout time.Duration) net.ListenConfig {
	return net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var set error
		if err := c.Control(func(fd uintptr) {
			set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
		}); err != nil {
			return err
		}
		return set
	}}
}
