package proxy

import "encoding/binary"

// framing finds the places between two units of a stream, where it can be ended
// without cutting one.
type framing interface {
	// next takes octets up to the end of the unit under way, and returns how many
	// those are: all of p if the unit goes on.
	next(p []byte) int
	// whole tells whether no unit is under way.
	whole() bool
}

// walk takes all of p.
func walk(f framing, p []byte) {
	for len(p) > 0 {
		p = p[f.next(p):]
	}
}

// opClose is the opcode of a close frame (RFC 6455 section 5.5.1).
const opClose = 8

// wsFrames walks the frames of one direction of a WebSocket (RFC 6455 section
// 5.2). It judges nothing: what is no frame passes all the same, and can then not
// be ended but by cutting it.
type wsFrames struct {
	head   [14]byte
	have   int    // octets of head so far
	left   uint64 // octets of the payload to come
	inside bool   // head is complete and the payload is not
	broken bool   // a length that cannot be
	closed bool   // a close frame went by
}

func (f *wsFrames) whole() bool { return f.have == 0 && !f.inside && !f.broken }

func (f *wsFrames) next(p []byte) int {
	if f.broken {
		return len(p)
	}
	n := 0
	for !f.inside {
		if n == len(p) {
			return n
		}
		f.head[f.have] = p[n]
		f.have++
		n++
		if f.have < 2 || f.have < f.headLength() {
			continue
		}
		if f.left = f.length(); f.left >= 1<<63 {
			f.broken = true
			return len(p)
		}
		f.inside = true
	}
	take := min(f.left, uint64(len(p)-n))
	f.left -= take
	if f.left == 0 {
		f.closed = f.closed || f.head[0]&0x0f == opClose
		f.have, f.inside = 0, false
	}
	return n + int(take)
}

// headLength is how long the head is, as its first two octets say.
func (f *wsFrames) headLength() int {
	n := 2
	switch f.head[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if f.head[1]&0x80 != 0 {
		n += 4
	}
	return n
}

func (f *wsFrames) length() uint64 {
	switch short := f.head[1] & 0x7f; short {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		return binary.BigEndian.Uint64(f.head[2:])
	default:
		return uint64(short)
	}
}

// maxClose is how long the reason in a close frame may be: a control frame has at
// most 125 octets, two of which are the code (RFC 6455 section 5.5).
const maxClose = 123

// closeFrame makes a close frame. Those of a client are masked (section 5.3).
func closeFrame(code uint16, text string, mask *[4]byte) []byte {
	if len(text) > maxClose {
		text = text[:maxClose]
	}
	payload := append(binary.BigEndian.AppendUint16(nil, code), text...)
	head := []byte{0x80 | opClose, byte(len(payload))}
	if mask == nil {
		return append(head, payload...)
	}
	head[1] |= 0x80
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return append(append(head, mask[:]...), payload...)
}

// rpcMessages walks the messages of a gRPC stream (gRPC over HTTP2,
// "Length-Prefixed-Message").
type rpcMessages struct {
	head   [5]byte
	have   int
	left   uint32
	inside bool
}

func (m *rpcMessages) whole() bool { return m.have == 0 && !m.inside }

func (m *rpcMessages) next(p []byte) int {
	n := 0
	for !m.inside {
		if n == len(p) {
			return n
		}
		m.head[m.have] = p[n]
		m.have++
		n++
		if m.have == len(m.head) {
			m.left, m.inside = binary.BigEndian.Uint32(m.head[1:]), true
		}
	}
	take := min(int64(m.left), int64(len(p)-n))
	m.left -= uint32(take)
	if m.left == 0 {
		m.have, m.inside = 0, false
	}
	return n + int(take)
}

// events walks a stream of events (HTML standard, "Server-sent events"), which
// can be ended anywhere: an event without the empty line behind it is none.
type events struct{ last [3]byte }

func (e *events) next(p []byte) int {
	for _, c := range p[max(0, len(p)-len(e.last)):] {
		e.last = [3]byte{e.last[1], e.last[2], c}
	}
	return len(p)
}

func (e *events) whole() bool { return true }

// between tells whether no event is under way, so that one can be added.
func (e *events) between() bool {
	a, b, c := e.last[0], e.last[1], e.last[2]
	return c == 0 || (b == '\n' && c == '\n') || (b == '\r' && c == '\r') || (a == '\n' && b == '\r' && c == '\n')
}
