// Package account runs the real program and a real browser through the pages of an
// account: two-step login, API keys, sessions, passwords and links.
//
// There is nothing here but tests. What can go wrong with one form is tested beside
// the pages.
package account
