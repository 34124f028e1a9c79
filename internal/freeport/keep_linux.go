package freeport

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
)

// keep binds a socket and does not listen: the system gives its port to nobody,
// and to whoever asks for this very port and sets SO_REUSEADDR, too.
func keep() (string, io.Closer, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "port")
	here := [4]byte{127, 0, 0, 1}
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: here})
	}
	var at syscall.Sockaddr
	if err == nil {
		at, err = syscall.Getsockname(fd)
	}
	if err != nil {
		_ = f.Close()
		return "", nil, fmt.Errorf("keeping a port: %w", err)
	}
	port := at.(*syscall.SockaddrInet4).Port
	return netip.AddrPortFrom(netip.AddrFrom4(here), uint16(port)).String(), f, nil
}
