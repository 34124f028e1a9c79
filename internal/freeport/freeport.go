// Package freeport keeps a port for a program that cannot pick one itself.
//
// Start with [Hold] in a test, and with [Keep] elsewhere. A port that was only
// looked up and let go is given to somebody else meanwhile, now and then: the
// system gives it to another listener, or to a connection that goes out.
//
// It listens to nothing: until the program is there, connections are refused.
package freeport

import "io"

// Test is what Hold needs of a test.
type Test interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}

// Hold is a loopback address of IPv4 that is kept until the test ends. One program
// after the other can listen at it that sets SO_REUSEADDR, as all servers do;
// nobody else gets its port by chance.
func Hold(t Test) string {
	t.Helper()
	address, release, err := Keep()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release.Close() })
	return address
}

// Keep is a loopback address as that of [Hold], until release is closed.
func Keep() (address string, release io.Closer, err error) { return keep() }
