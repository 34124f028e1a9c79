// Package inspector is a page that takes a token apart: what it says, what is
// wrong with it, and whether its signature fits a key. The page is one file, and
// it makes no request, ever: its policy forbids all of them.
//
// Start with [Page], the page itself, to be written to a file; [Handler] serves
// it. The texts of the page are those of the catalogues: reasons, findings, and
// the claims of [Claims].
//
// It reads nothing that the server could see, and stores nothing: what is pasted
// stays in the memory of the page until it is left.
package inspector
