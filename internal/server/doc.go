// Package server is the composition root: it opens the stores, builds the gate,
// puts it on its listeners and ends everything in order.
//
// Start with [Serve], for an API that is there, and [Demo], which brings one
// along. Both run until their context ends; then they stop taking requests,
// finish those under way and write what is left of the log.
package server
