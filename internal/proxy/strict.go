package proxy

import "net/http"

const fieldStrict = "Strict-Transport-Security"

// before are fields that were set when the proxy was asked. ReverseProxy clears
// all fields behind each informational answer.
type before struct{ strict, connection []string }

func fieldsBefore(w http.ResponseWriter) before {
	h := w.Header()
	return before{h[fieldStrict], h["Connection"]}
}

// restore sets them again, if they were cleared.
func (x *passage) restore() {
	if !x.writer.informed {
		return
	}
	own := x.writer.Header()
	if x.before.strict != nil {
		own[fieldStrict] = x.before.strict
	}
	if x.before.connection != nil {
		own["Connection"] = x.before.connection
	}
}

// strict leaves one field of several: browsers read the first alone (RFC 6797
// section 8.1), and which that is would be a matter of luck. The one that stays is
// among our own fields, so that an answer in place of the upstream's has it too.
func (x *passage) strict(h http.Header) {
	own := x.writer.Header()
	theirs := h[fieldStrict]
	if len(theirs) == 0 || own[fieldStrict] == nil {
		return
	}
	if !x.proxy.strictTransport {
		own[fieldStrict] = theirs[:1:1]
	}
	delete(h, fieldStrict)
}
