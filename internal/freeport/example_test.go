package freeport_test

import (
	"fmt"
	"net"

	"github.com/gate401/gate401/internal/freeport"
)

func Example() {
	address, release, err := freeport.Keep()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release.Close()
	// A program that is told the address.
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	fmt.Println(l.Addr().String() == address)
	// Output: true
}
