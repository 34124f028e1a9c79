// Package browsertest drives a real browser in the tests of pages.
//
// Start with [Start], and [Browser.Tab] for a page with a profile of its own.
// The browser reaches nothing but this machine.
//
// It is for tests alone, and knows nothing of any page.
package browsertest
