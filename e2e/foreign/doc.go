// Package foreign starts servers and runs clients that nobody here wrote, for the
// end-to-end tests: Apache, nginx, Caddy, Squid, and programs for Node.
//
// Every server listens on a free port of this machine and ends with its test.
// Start with [Need], which finds a component or ends the test, and with [Apache]
// or [Node].
package foreign
