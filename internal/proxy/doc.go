// Package proxy is the surface that stands in front of an API: it forwards what
// the gate allows, and answers everything else itself.
//
// Start with [New], which makes an http.Handler, and with [Config.Identity],
// which says how the upstream learns who is asking.
//
// # What the upstream sees
//
// The path is the canonical one that was judged; the query is as received. The
// fields that say who is asking and where from are ours: whatever the client
// sent under such a name is dropped, in every spelling that some server would
// take for it, and so is the credential unless [Config.KeepCredentials].
// X-Forwarded-For is the client that the gate resolved, followed by the proxy
// that spoke to us if there was one; X-Forwarded-Proto and -Host are the
// external ones. Forwarded (RFC 7239) and all other X-Forwarded- fields are
// dropped.
//
// # Identity values
//
// Values are printable ASCII: control characters, non-ASCII octets and "%" are
// percent-encoded, so that no subject can end a field and decoding gives back
// the original. Groups are joined by "," with commas inside of them encoded,
// scopes by a space (RFC 6749 section 3.3). A field without a value is not sent.
//
// # What it does not do
//
// It does not cache, compress, or rewrite bodies, and it reads no configuration.
// Bodies, trailers and informational answers pass through as
// [httputil.ReverseProxy] passes them, but for 100 (Continue), which the server
// sends itself.
//
// # What ends
//
// A WebSocket, a stream of events, a gRPC call and their like end when the
// credential does that let them in, or when [Config.Revoked] says so, in the words
// of their protocol: see [End].
package proxy
