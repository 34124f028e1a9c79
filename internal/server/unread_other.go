//go:build !linux

package server

import (
	"net"
	"time"
)

// listening is how the gate's addresses are taken. Here the system cannot be told
// how long a client may take no octet.
func listening(time.Duration) net.ListenConfig { return net.ListenConfig{} }
