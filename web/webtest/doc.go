// Package webtest looks at a page as its readers' tools do: is it well formed,
// does it load nothing from elsewhere, can it be used with a keyboard and a
// screen reader?
//
// Start with [Faults], which lists what is wrong with a page, and [Contrast],
// the contrast of two colours.
//
// It is a check of what can be seen in the text of a page. It runs no script,
// knows no style, and does not replace a look with one's own eyes.
package webtest
