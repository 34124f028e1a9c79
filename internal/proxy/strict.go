package proxy

import "net/http"

const fieldStrict = "Strict-Transport-Security"

// strict leaves one field of several: browsers read the first alone (RFC 6797
// section 8.1), and which that is would be a matter of luck.
func (x *passage) strict(h http.Header) {
	own := x.writer.Header()
	switch theirs := h[fieldStrict]; {
	case len(theirs) == 0 || own[fieldStrict] == nil:
	case x.proxy.strictTransport:
		delete(h, fieldStrict)
	default:
		delete(own, fieldStrict)
		h[fieldStrict] = theirs[:1:1]
	}
}
