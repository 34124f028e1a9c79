// Package client runs the real commands "gate401 call", "gate401 login" and
// "gate401 explain --send" against servers that nobody here wrote: Apache, nginx,
// Caddy, Squid, an OpenID provider, go-httpbin, Prism and Mockoon.
//
// Start with [github.com/gate401/gate401/e2e/foreign], which starts the servers.
// There is nothing here but tests; what the commands do with servers that are made
// for a test is tested beside them.
package client
