// Package demo is what `gate401 demo` shows: a small orders API to stand behind
// a gate, and a page with one row per cause of a refusal, each of which can be
// tried.
//
// Start with [Orders], the API as an http.Handler, and [Page], which goes into
// its Page field. [Rows] are the causes as data, so that tests can send every
// one of them through a real gate and demand its answer.
//
// The API holds no check of credentials: it believes the identity fields that
// the gate writes, as an application behind a gate does. The page sends nothing
// but the rows' own requests to the one address that its Dial reaches. Nothing
// is kept beyond the process.
package demo
