// Package login logs in and out of the real program, with a real browser and with
// curl.
//
// It has tests only, and is run by "go test ./e2e/...".
package login
