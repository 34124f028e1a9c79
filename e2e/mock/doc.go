// Package mock runs the real "gate401 mock" on free ports of this machine and
// calls it with clients that nobody here wrote: curl, wget, HTTPie, the requests
// and httpx of Python, axios, got, newman and a browser.
//
// There is nothing to call: start with the tests. What they expect is read from
// the mock's journal, not from what a client says of itself.
//
// It does not test what the mock answers to Go; the packages of the mock do.
package mock
