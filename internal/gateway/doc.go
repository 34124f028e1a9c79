// Package gateway writes the configuration of the gateways that can ask the gate
// before they forward: nginx, Traefik, Caddy and Envoy.
//
// Start with [Write] and a [Setup]; [Names] are the gateways that it knows.
//
// It runs none of them, and reads no configuration of theirs.
package gateway
