// Package foreign starts servers and runs clients that nobody here wrote, for the
// end-to-end tests: Apache, nginx, Caddy, Squid, and programs for Node.
//
// Every server listens on a free port of this machine and ends with its test.
// Start with [Apache] or [Node]. Where a component is missing, they end the test.
package foreign
