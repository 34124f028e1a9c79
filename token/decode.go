package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Decoded is a token taken apart, with nothing believed and nothing verified. It
// is for people who look at a token that does not work.
type Decoded struct {
	// Header and Payload are the decoded parts, as far as they decode. They are
	// JSON where Problems has nothing to say about them.
	Header, Payload string

	// Signature is the decoded third part.
	Signature []byte

	// Parts are the parts between the dots, as they were sent.
	Parts []Part

	// Alg, KeyID and Type are from the header, if it can be read.
	Alg, KeyID, Type string

	// Claims is what the payload says, if it can be read; else nil. Nobody has
	// verified it.
	Claims *Claims

	// Problems is what is wrong with the shape, in the order of the text. With
	// none, [Parse] accepts the token.
	Problems []Problem
}

// A Part is one part of a token in the compact form.
type Part struct {
	Offset int // in octets from the start of the token
	Text   string
}

// A Problem is one fault in the shape of a token.
type Problem struct {
	Part   string // "token", "header", "payload" or "signature"
	Offset int    // in octets: for bad JSON in the decoded part, else in the token
	What   string
}

func (p Problem) String() string { return fmt.Sprintf("%s, offset %d: %s", p.Part, p.Offset, p.What) }

// Decode takes any text apart as a JWT and says what is wrong with it. It never
// fails, and does not ask whether the token is good.
func Decode(text string) Decoded {
	var d Decoded
	problem := func(part string, offset int, what string) {
		d.Problems = append(d.Problems, Problem{Part: part, Offset: offset, What: what})
	}
	if len(text) > MaxSize {
		problem("token", MaxSize, fmt.Sprintf("it has %d octets, more than %d", len(text), MaxSize))
		return d
	}
	offset := 0
	for part := range strings.SplitSeq(text, ".") {
		d.Parts = append(d.Parts, Part{Offset: offset, Text: part})
		offset += len(part) + 1
	}
	if n := len(d.Parts); n != 3 {
		at := len(text)
		if n > 3 {
			at = d.Parts[3].Offset - 1
		}
		problem("token", at, partsFault(n))
	}
	for i, part := range d.Parts {
		if i > 2 || len(d.Parts) == 5 && i > 0 {
			break // of an encrypted token, the header alone is readable
		}
		name := [...]string{"header", "payload", "signature"}[i]
		data, err := segments.DecodeString(part.Text)
		if err != nil || strings.ContainsAny(part.Text, "\r\n") {
			d.undecodable(name, part)
			data, _ = base64.RawURLEncoding.DecodeString(strings.TrimRight(part.Text, "="))
		}
		switch i {
		case 0:
			d.Header = string(data)
			d.readHeader()
		case 1:
			d.Payload = string(data)
			d.readPayload()
		case 2:
			d.Signature = data
		}
	}
	return d
}

// undecodable says why a part is not base64url, with hints at what it may be.
func (d *Decoded) undecodable(name string, part Part) {
	var fault *segmentError
	if !errors.As(segmentFault([]byte(part.Text), name, part.Offset), &fault) {
		return
	}
	what := "cut off: its length is not one of base64url"
	if !fault.short {
		what = quote(string(rune(fault.octet))) + " is not base64url"
		switch {
		case fault.octet == '=':
			what += " (padding, which tokens do not have)"
		case fault.octet == '+' || fault.octet == '/':
			what += " (it is plain base64: - and _ were expected instead)"
		case fault.octet <= ' ':
			what += " (white space or a control character: pasted with a line break?)"
		case strings.IndexByte(alphabet, fault.octet) >= 0 || fault.octet == '-' || fault.octet == '_':
			what = "the unused bits of the last character are not zero: altered or cut off"
		}
	}
	d.Problems = append(d.Problems, Problem{Part: name, Offset: fault.offset, What: what})
}

func (d *Decoded) readHeader() {
	var h header
	if err := h.parse(d.Header); err != nil {
		d.unreadable("header", err)
	}
	d.Alg, d.KeyID, d.Type = h.alg, h.kid, h.typ
}

func (d *Decoded) readPayload() {
	c := new(Claims)
	if err := c.parse(d.Payload); err != nil {
		d.unreadable("payload", err)
		return
	}
	c.Alg, c.KeyID, c.Type = d.Alg, d.KeyID, d.Type
	d.Claims = c
}

func (d *Decoded) unreadable(part string, err error) {
	p := Problem{Part: part, What: err.Error()}
	var fault *jsonError
	if errors.As(err, &fault) {
		p.Offset, p.What = fault.offset, "bad JSON: "+fault.what
	}
	d.Problems = append(d.Problems, p)
}

// Times prints the dates of the payload for a reader, in UTC and from now.
func (d *Decoded) Times(now time.Time) map[string]string {
	times := make(map[string]string)
	if d.Claims == nil {
		return times
	}
	for name, t := range map[string]time.Time{
		"exp": d.Claims.Expires, "nbf": d.Claims.NotBefore, "iat": d.Claims.IssuedAt, "auth_time": d.Claims.AuthTime,
	} {
		if !t.IsZero() {
			times[name] = when(t, now)
		}
	}
	return times
}
