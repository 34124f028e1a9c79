package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gate401/gate401/reason"
)

// MaxSize is the length of the longest token that is read, in octets. It is
// above what real issuers make (their group lists are the long ones) and the
// most that common servers accept in one header field.
const MaxSize = 16 << 10

// segments decodes base64url without padding and with the unused bits zero, so
// that every token has one spelling only (RFC 7515 section 2, RFC 4648 3.5).
// Strict does not refuse line breaks; see decodeSegment.
var segments = base64.RawURLEncoding.Strict()

// A jws is one token in the compact serialisation, taken apart (RFC 7515 section
// 7.1): BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature).
type jws struct {
	header  header
	payload string
	signed  []byte // the signing input: header and payload as they were sent
	sig     []byte
}

// A header is what is read of a JOSE header. Parameters that carry or point to
// keys are not in it, so that nobody can come to use them.
type header struct {
	alg, kid, typ string
}

// A segmentError is bad base64url in one part of a token.
type segmentError struct {
	part   string
	offset int // in the whole token
	octet  byte
	short  bool
}

func (e *segmentError) Error() string {
	if e.short {
		return e.part + " is cut off: its length is not one of base64url"
	}
	return e.part + " is not base64url: " + quote(string(rune(e.octet))) + " at offset " + strconv.Itoa(e.offset) + " of the token"
}

// decodeSegment decodes one part into dst and returns how much it wrote.
func decodeSegment(dst, src []byte, part string, offset int) (int, error) {
	n, err := segments.Decode(dst, src)
	if err == nil {
		// The decoder passes over line breaks; they are the only octets that
		// it takes and does not turn into output.
		if n == segments.DecodedLen(len(src)) && len(src)%4 != 1 {
			return n, nil
		}
	}
	return 0, segmentFault(src, part, offset)
}

// segmentFault finds why a part does not decode.
func segmentFault(src []byte, part string, offset int) error {
	for i, c := range src {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return &segmentError{part: part, offset: offset + i, octet: c}
		}
	}
	if len(src)%4 == 1 {
		return &segmentError{part: part, offset: offset + len(src), short: true}
	}
	// Only the unused bits of the last character are left to be wrong.
	return &segmentError{part: part, offset: offset + len(src) - 1, octet: src[len(src)-1]}
}

// split finds the two dots of a compact JWS.
func split(text string) (dot1, dot2 int, err error) {
	if len(text) > MaxSize {
		return 0, 0, malformed("the token has %d octets, more than %d", len(text), MaxSize)
	}
	dot1 = strings.IndexByte(text, '.')
	if dot1 >= 0 {
		dot2 = dot1 + 1 + strings.IndexByte(text[dot1+1:], '.')
	}
	if dot1 < 0 || dot2 == dot1 || strings.IndexByte(text[dot2+1:], '.') >= 0 {
		return 0, 0, malformed("%s", partsFault(strings.Count(text, ".")+1))
	}
	return dot1, dot2, nil
}

func partsFault(n int) string {
	switch n {
	case 1:
		return "there is no dot in it: an opaque token or something else, not a JWT"
	case 2:
		return "it has 2 parts, a JWT has 3: the signature is missing"
	case 5:
		return "it has 5 parts: an encrypted token (JWE), which is not accepted"
	}
	return fmt.Sprintf("it has %d parts, a JWT has 3", n)
}

// parse takes a token apart and reads its header. The payload may be anything.
func (j *jws) parse(text string) error {
	dot1, dot2, err := split(text)
	if err != nil {
		return err
	}
	// One block holds the token as octets (to be hashed) and behind it what its
	// parts decode to.
	h, p, s := dot1, dot2-dot1-1, len(text)-dot2-1
	block := make([]byte, len(text)+segments.DecodedLen(h)+segments.DecodedLen(p)+segments.DecodedLen(s))
	raw, out := block[:copy(block, text)], block[len(text):]
	hn, err := decodeSegment(out, raw[:dot1], "the header", 0)
	if err != nil {
		return &Error{Reason: reason.TokenMalformed, Err: err}
	}
	pn, err := decodeSegment(out[hn:], raw[dot1+1:dot2], "the payload", dot1+1)
	if err != nil {
		return &Error{Reason: reason.TokenMalformed, Err: err}
	}
	sn, err := decodeSegment(out[hn+pn:], raw[dot2+1:], "the signature", dot2+1)
	if err != nil {
		return &Error{Reason: reason.TokenMalformed, Err: err}
	}
	readable := string(out[:hn+pn])
	if err := j.header.parse(readable[:hn]); err != nil {
		return malformed("header: %w", err)
	}
	j.payload = readable[hn:]
	j.signed = raw[:dot2]
	j.sig = out[hn+pn : hn+pn+sn]
	return nil
}

// parse reads a JOSE header (RFC 7515 section 4).
func (h *header) parse(s string) error {
	p := jsonScanner{s: s}
	if err := p.open(); err != nil {
		return err
	}
	var seen names
	hasAlg := false
	for {
		name, more, err := p.member(&seen)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch name {
		case "alg":
			hasAlg = true
			h.alg, err = p.stringOf(name)
		case "kid":
			h.kid, err = p.stringOf(name)
		case "typ":
			h.typ, err = p.stringOf(name)
		case "crit":
			// No extension is understood here, and a recipient that does not
			// understand one that is critical must reject (section 4.1.11).
			return errors.New(`"crit" names extensions, and none is supported`)
		case "b64":
			// RFC 7797: the payload would be signed as it is.
			if p.peek() != 't' {
				return errors.New(`"b64" is not true: unencoded payloads are not supported`)
			}
			err = p.skip()
		default:
			err = p.skip()
		}
		if err != nil {
			return err
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	if !hasAlg {
		return errors.New(`"alg" is missing`)
	}
	return nil
}

// stringOf reads a value that must be a string.
func (p *jsonScanner) stringOf(name string) (string, error) {
	if p.peek() != '"' {
		return "", p.fail(quote(name) + " is not a string")
	}
	return p.text()
}

// algorithm is the algorithm of the header, if the allow-list has it.
func (h *header) algorithm(allowed algSet) (algID, error) {
	alg := parseAlg(h.alg)
	switch {
	case allowed.has(alg):
		return alg, nil
	case strings.EqualFold(h.alg, "none"):
		return 0, refuse(reason.TokenAlgorithmRefused, "algorithm %s: the token is not signed at all", quote(h.alg))
	case alg == algUnknown:
		return 0, refuse(reason.TokenAlgorithmRefused, "algorithm %s is unknown, expected one of %s", quote(h.alg), allowed)
	}
	return 0, refuse(reason.TokenAlgorithmRefused, "algorithm %s is not allowed, expected one of %s", h.alg, allowed)
}
