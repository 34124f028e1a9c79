// Package mix makes any answer out of a URL, so that a strange 401 can be pasted
// into a bug report and needs nothing that somebody set up before:
//
//	/mix/s=401/ch=expired/d=500ms/j={"error":"no"}
//
// Start with [Handler], or with [Parse], which reads such a path into an
// [Answer], and [Answer.Serve], which gives it. [Keys] lists what may stand in
// the path.
//
// It keeps no state. A value can be any text, percent-encoded where a path wants
// it, and never ends the field or the header section that it is put into: what
// would is refused, and so are fields that frame the message.
package mix
