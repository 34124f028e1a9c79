// Package cert makes certificates for a mock that speaks https on this machine.
//
// Start with [New], and give what it returns as PEM to the clients that are to
// trust it.
//
// The key never leaves the process, and the certificate speaks for this machine
// alone. It is for tests: what others are to trust needs a real authority.
package cert
