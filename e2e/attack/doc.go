// Package attack runs the real gate401 in front of a server that records every
// octet it gets, and sends what talked other gateways past themselves: by raw
// sockets, over HTTP/2, and through forward-auth.
//
// README.md lists the classes of attacks and which test looks for each. Start
// with newGate in gate_test.go. There is nothing here but tests; the same for
// single packages is beside them.
package attack
