// Package forward is the surface for gateways that ask before they forward:
// nginx auth_request, Traefik ForwardAuth, Caddy forward_auth and Envoy
// ext_authz over HTTP. One decision, the same as that of the proxy, answered in
// what each of them can carry.
//
// Start with [New], which makes an http.Handler for all paths at and below
// [Config.Path], and with [Config.From], which says whose word counts.
//
// # How a gateway asks
//
//	Path             method             path and query           scheme             host
//	/auth/check/nginx     X-Original-Method   X-Original-URI or -URL  X-Forwarded-Proto  X-Forwarded-Host
//	/auth/check/traefik   X-Forwarded-Method  X-Forwarded-Uri         X-Forwarded-Proto  X-Forwarded-Host
//	/auth/check/caddy     X-Forwarded-Method  X-Forwarded-Uri         X-Forwarded-Proto  X-Forwarded-Host
//	/auth/check/envoy...  its own             the rest of the path    X-Forwarded-Proto  Host
//
// All of them name the client in X-Forwarded-For. Each field stands there once
// and in this spelling, or the request is refused: one that is there twice was
// sent by the client too. At /auth/check alone the fields tell which of the
// first three asks, and a request with the fields of two is refused.
//
// # How it is answered
//
// 200 with all identity fields, empty ones too, lets the request pass; nothing
// else does. A refusal is the complete answer for the client. nginx would drop
// its body and knows no status but 401 and 403, so it is also sealed into the
// field Gate401-Refusal, which /auth/check/nginx/refusal turns into the answer
// again. A configuration that asks for that asks at /auth/check/nginx/sealed.
//
// # What it does not do
//
// It sees no body of a request, it forwards nothing, and it takes no field out
// of what the gateway forwards: the configuration of the gateway has to.
package forward
