package httpauth

// DigestInfo holds the parameters that Digest has in Authentication-Info and
// Proxy-Authentication-Info (RFC 7616 section 3.5; the fields are those of RFC
// 7615).
type DigestInfo struct {
	// NextNonce is the nonce to use from now on; empty to keep the one that is used.
	NextNonce string
	// QOP, CNonce and NC are those of the request.
	QOP    DigestQOP
	CNonce string
	NC     string
	// RspAuth proves that the server knows the password too; see
	// [DigestCredentials.ComputeRspAuth]. Empty where the server does not prove it.
	RspAuth string
}

// ParseDigestInfo reads the parameters of a field that [ParseInfo] returned.
// Strict wants qop, cnonce and nc beside rspauth (RFC 7616 section 3.5); Lenient
// takes what there is. The error is a *DigestError.
func ParseDigestInfo(i Info, mode Mode) (DigestInfo, error) {
	var d DigestInfo
	d.NextNonce, _ = i.Param("nextnonce")
	d.RspAuth, _ = i.Param("rspauth")
	qop, _ := i.Param("qop")
	d.QOP = DigestQOP(qop)
	d.CNonce, _ = i.Param("cnonce")
	d.NC, _ = i.Param("nc")
	if mode == Lenient {
		return d, nil
	}
	if name := digestInfoLacks(i); name != "" {
		return DigestInfo{}, &DigestError{IDDigestInfoIncomplete, name}
	}
	if d.QOP != "" && !d.QOP.Known() {
		return DigestInfo{}, &DigestError{IDDigestQopChosen, "qop"}
	}
	if d.NC != "" && !isNonceCount(d.NC) {
		return DigestInfo{}, &DigestError{IDDigestNonceCount, "nc"}
	}
	return d, nil
}

// digestInfoLacks names a parameter that has to stand beside the others.
func digestInfoLacks(i Info) string {
	_, rspauth := i.Param("rspauth")
	qop, hasQOP := i.Param("qop")
	nc, _ := i.Param("nc")
	_, cnonce := i.Param("cnonce")
	switch {
	case !rspauth && !hasQOP:
		return ""
	case qop == "":
		return "qop"
	case !cnonce:
		return "cnonce"
	case nc == "":
		return "nc"
	}
	return ""
}

// Info returns the field to send, in the forms of RFC 7616 section 3.5:
// nextnonce, rspauth and cnonce are quoted, qop and nc are not.
func (d DigestInfo) Info() Info {
	params := make([]Param, 0, 5)
	params = appendGiven(params, "nextnonce", d.NextNonce)
	params = appendGiven(params, "rspauth", d.RspAuth)
	if d.QOP != "" {
		return Info{append(params, Param{"qop", string(d.QOP)}, Param{"cnonce", d.CNonce}, Param{"nc", d.NC})}
	}
	params = appendGiven(params, "cnonce", d.CNonce)
	params = appendGiven(params, "nc", d.NC)
	return Info{params}
}

// Is tells whether the information answers these credentials: its rspauth is the
// one that ha1 and the hash of the response's body yield, and the rest is what
// was sent. Only a server that knows the password can do that.
func (d DigestInfo) Is(c DigestCredentials, ha1, bodyHash string) bool {
	if d.RspAuth == "" || d.CNonce != c.CNonce || d.NC != c.NC || !d.QOP.Is(c.QOP) {
		return false
	}
	want := c
	want.QOP = d.QOP
	return (DigestCredentials{Response: d.RspAuth}).Matches(want.ComputeRspAuth(ha1, bodyHash))
}
