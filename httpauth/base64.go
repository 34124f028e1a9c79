package httpauth

// sextets maps an octet to its value in the alphabet of RFC 4648 section 4, or
// to 0xff.
var sextets = alphabet()

func alphabet() (t [256]byte) {
	const std = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range t {
		t[i] = 0xff
	}
	for i := range len(std) {
		t[std[i]] = byte(i)
	}
	return t
}

// decodeBase64 appends the octets of s to dst and returns what it appended. The
// decoder of the standard library passes over line ends, which RFC 4648 section
// 3.1 forbids, and cannot say what is wrong.
func decodeBase64(dst []byte, s string) ([]byte, *BasicError) {
	start := len(dst)
	data := len(s) // without padding
	for data > 0 && s[data-1] == '=' {
		data--
	}
	if data == 0 && len(s) == 0 {
		return nil, base64Error(IDBasicNotBase64, 0)
	}
	i := 0
	for ; i+4 <= data; i += 4 {
		a, b, c, d := sextets[s[i]], sextets[s[i+1]], sextets[s[i+2]], sextets[s[i+3]]
		if (a|b|c|d)&0x80 != 0 {
			break
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	for j := i; j < data; j++ {
		if sextets[s[j]] == 0xff {
			return nil, base64Error(base64Defect(s, j), j)
		}
	}
	pad := len(s) - data
	rest := data - i
	switch {
	case rest == 1:
		return nil, base64Error(IDBasicPadding, len(s))
	case rest > 0 && pad < 4-rest:
		return nil, base64Error(IDBasicPadding, len(s))
	case rest > 0 && pad > 4-rest:
		return nil, base64Error(IDBasicPadding, data+4-rest)
	case rest == 0 && pad > 0:
		return nil, base64Error(IDBasicPadding, data)
	case rest == 2:
		a, b := sextets[s[i]], sextets[s[i+1]]
		if b&0x0f != 0 {
			return nil, base64Error(IDBasicTrailingBits, i+1)
		}
		dst = append(dst, a<<2|b>>4)
	case rest == 3:
		a, b, c := sextets[s[i]], sextets[s[i+1]], sextets[s[i+2]]
		if c&0x03 != 0 {
			return nil, base64Error(IDBasicTrailingBits, i+2)
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2)
	}
	return dst[start:], nil
}

// base64Defect names what is wrong with the octet at j.
func base64Defect(s string, j int) FindingID {
	switch c := s[j]; {
	case c == '-' || c == '_':
		return IDBasicURLAlphabet
	case c == '=':
		return IDBasicPadding
	case isSpace(c) || c == '\r' || c == '\n':
		return IDBasicWhitespace
	}
	return IDBasicNotBase64
}

func base64Error(kind FindingID, at int) *BasicError {
	return &BasicError{Kind: kind, Offset: at, Octet: -1}
}
