// Package authorize drives the authorization endpoint of the real program from a
// browser: a person, their programs and their devices.
//
// It has tests only, and is run by "go test ./e2e/...".
package authorize
