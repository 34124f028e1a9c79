// Package httpbin answers the paths that people know from httpbin and
// go-httpbin: /status/401, /basic-auth/user/passwd, /digest-auth/..., /bearer,
// /cookies, /delay/2 and more, with the same status, fields and JSON as
// go-httpbin.
//
// Start with [Handler], an http.Handler; [Handler.Serves] tells whether a path is
// one of its own. [Divergences] lists all that differs from go-httpbin, and why.
//
// With [Handler.Strict] the same paths answer as the RFCs want it, which neither
// httpbin nor go-httpbin does.
//
// It keeps no state but the nonces of the strict Digest, and none of its answers
// needs a credential that exists elsewhere.
package httpbin
