//go:build !unix

package upstream

// available: sockets that are not descriptors are left to http.Transport.
const available = false

func (c *conn) step(uintptr) bool { return true }

func (c *conn) quiet() bool { return false }
