//go:build !linux

package server

// monotonic is wanted by systemd alone.
func monotonic() int64 { return 0 }
