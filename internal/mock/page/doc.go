// Package page is the page of a mock in the browser: it makes endpoints, plays
// scenarios, opens sessions and shows what came and what was answered, live.
//
// Start with [Page], an http.Handler for [Path]. The page does everything by the
// admin API of the mock; without scripts it can be read, and lists the scenarios
// and the lines for curl.
//
// It knows no other part of the mock: what it lists is given to it, and who may
// use the admin API is for the admin API to say.
package page
