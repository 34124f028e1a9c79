package forward

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// refusalField carries a whole refusal through nginx.
const refusalField = "Gate401-Refusal"

// Limits of a refusal on its way. A page is about 5 KiB, and 2 KiB packed.
const (
	maxBody   = 64 << 10
	maxSealed = 12 << 10 // as it stands in the field
)

// refusalKind binds what is sealed to its purpose.
const refusalKind = "forward-auth refusal"

// sealed is a refusal without its body, which follows it.
type sealed struct {
	At     int64 // Unix seconds
	Status int
	Header http.Header
}

// seal packs an answer into a field value: the length of the JSON, the JSON, the
// body, deflated and sealed.
func (s *Surface) seal(a *recorder, at time.Time) (string, error) {
	head, err := json.Marshal(sealed{at.Unix(), a.status, a.header})
	if err != nil {
		return "", err
	}
	var plain bytes.Buffer
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(head)))
	z, _ := s.deflaters.Get().(*flate.Writer)
	if z == nil {
		if z, err = flate.NewWriter(nil, flate.BestSpeed); err != nil {
			return "", err
		}
	}
	z.Reset(&plain)
	for _, part := range [][]byte{size[:], head, a.body.Bytes()} {
		// A buffer takes everything.
		_, _ = z.Write(part)
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	s.deflaters.Put(z)
	whole, err := s.sealer.Seal(refusalKind, "", plain.Bytes())
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(whole)
	if len(text) > maxSealed {
		return "", fmt.Errorf("it is %d octets long, over %d", len(text), maxSealed)
	}
	return text, nil
}

// open is the opposite of seal.
func (s *Surface) open(text string, now time.Time) (*sealed, []byte, error) {
	if len(text) > maxSealed {
		return nil, nil, errors.New("it is too long")
	}
	whole, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, nil, errors.New("it is not base64url")
	}
	packed, err := s.sealer.Open(refusalKind, "", whole)
	if err != nil {
		return nil, nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), 2*maxBody))
	if err != nil {
		return nil, nil, err
	}
	if len(plain) < 4 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	size := int64(binary.BigEndian.Uint32(plain))
	if int64(len(plain)-4) < size {
		return nil, nil, io.ErrUnexpectedEOF
	}
	var a sealed
	if err := json.Unmarshal(plain[4:4+size], &a); err != nil {
		return nil, nil, err
	}
	if age := now.Sub(time.Unix(a.At, 0)); age > sealedFor || age < -sealedFor {
		return nil, nil, fmt.Errorf("it was sealed %s ago", age.Truncate(time.Second))
	}
	return &a, plain[4+size:], nil
}

// replay turns a sealed refusal into the answer that it was, every challenge in
// a field of its own.
func (s *Surface) replay(w http.ResponseWriter, hr *http.Request) {
	now := time.Now
	if s.intake.Now != nil {
		now = s.intake.Now
	}
	h := w.Header()
	values := hr.Header[refusalField]
	if len(values) != 1 || values[0] == "" {
		// nginx refused by itself, by "deny" for example.
		s.bare(w)
		return
	}
	a, body, err := s.open(values[0], now())
	if err != nil {
		s.log.Warn("a sealed refusal cannot be shown", "error", err.Error())
		s.bare(w)
		return
	}
	for name, field := range a.Header {
		h[name] = field
	}
	w.WriteHeader(a.Status)
	// There is no body behind 204.
	_, _ = w.Write(body) //nolint:gosec // sealed by ourselves
}

// bare refuses without a decision of ours.
func (s *Surface) bare(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = []string{"application/problem+json"}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Robots-Tag"] = []string{"noindex"}
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"Forbidden","status":403,"detail":"The server in front of the gate refused this."}`+"\n")
}
