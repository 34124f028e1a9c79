// Package forward tests the program behind real gateways: nginx and Caddy run on
// exactly what "gate401 init --for" prints, and what their clients and their API
// see is compared with the proxy. For Envoy, which cannot be had everywhere, a
// stand-in asks as its documentation says.
package forward
