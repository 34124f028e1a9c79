// Package upstream reaches the servers behind the gate: one or several with the
// same content, over HTTP/1.1, HTTP/2 with TLS, or HTTP/2 without.
//
// Start with [New], which makes an Upstream of URLs, and [Upstream.Lane], the
// http.RoundTripper to it. What goes wrong is a [Failure] with its [Kind].
// [Lean] is what makes small requests cheap; it needs nothing of the rest.
//
// # What it does not do
//
// It reads no configuration, changes no field and no body, and knows nothing of
// credentials. A request that a server may have seen is not given to another
// one: whether it may be repeated is the client's decision.
package upstream
