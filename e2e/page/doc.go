// Package page holds end-to-end tests of the script that pages behind the gate
// load from it: the pages of examples/page, in a browser, in front of the program.
//
// It has nothing but tests.
package page
