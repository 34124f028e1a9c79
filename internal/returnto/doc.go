// Package returnto says where a login may lead back to: a place of the site
// itself, written as a path. It is the one door for such addresses, so that no
// redirect of the gate leads to another site (CWE-601).
//
// Start with [Parse] for what a client says, and with [Of] for the address of a
// request:
//
//	to, ok := returnto.Parse(form.Get("return_to"))
//	if !ok {
//		to = "/"
//	}
//
// It knows no other origin and has no list of them. Whether somebody may see what
// is there is for the gate to say when they come.
package returnto
