package watch

import (
	"encoding/binary"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// packed is a record in one piece of memory: the id first, then the rest. Ten
// thousand records of strings would be a quarter of a million pointers, which
// the garbage collector follows each time, and which keep requests alive whose
// memory also holds the credential.
type packed struct {
	data []byte
	*common
}

// common is what most records of a rule have in common, and need not be written
// for each.
type common struct {
	challenges []httpauth.Challenge // those of the rule, or few
	resource   *gate401.Resource    // which the challenges lead to
	places     *places              // that were looked at
	steps      []gate401.Step       // of a decision that was prepared; nil where they are in data
}

// pack writes a decision behind b, and hides the secrets in it if it must.
func pack(b []byte, r *gate401.Request, d *gate401.Decision, p *places) []byte {
	n := len(b)
	if out := packAs(b, r, d, p, false); !suspicious(out[n:]) {
		return out
	}
	return packAs(b[:n], r, d, p, true)
}

func packAs(b []byte, r *gate401.Request, d *gate401.Decision, p *places, hide bool) []byte {
	agent := ""
	if ua := r.Field("User-Agent"); len(ua) > 0 {
		agent = ua[0]
	}
	issuer, credential := "", refusedCredential(d)
	if id := d.Identity; id != nil {
		issuer, credential = id.Issuer, id.Credential
	}
	port := ""
	if r.URL != nil {
		port = r.URL.Port()
	}
	b = put(b, r.ID, maxText, hide)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Time.UnixNano()))
	var marks byte
	if d.Allow || d.Preflight {
		marks |= markAllowed
	}
	if r.Secure() {
		marks |= markSecure
	}
	b = append(b, marks)
	s := p.look(r)
	b = append(b, s.authorization, s.scheme)
	b = binary.LittleEndian.AppendUint32(b, s.headers)
	b = binary.LittleEndian.AppendUint32(b, s.query)
	b = binary.LittleEndian.AppendUint32(b, s.cookie)
	at := len(b)
	b = append(b, 0)
	if r.Client.IsValid() {
		b, _ = r.Client.WithZone("").AppendBinary(b) // has no error to give
	}
	b[at] = byte(len(b) - at - 1) // at most 16, in one octet
	b = put(b, r.InboundID, maxText, hide)
	b = put(b, r.Method, maxText, hide)
	b = put(b, r.Host, maxText, hide)
	b = put(b, port, maxText, hide)
	b = put(b, r.Path, maxPath, hide)
	b = put(b, agent, maxText, hide)
	b = put(b, d.Rule, maxText, hide)
	b = put(b, d.Method(), maxText, hide)
	b = put(b, d.Subject(), maxText, hide)
	b = put(b, issuer, maxText, hide)
	b = put(b, credential, maxText, hide)
	b = put(b, string(d.Reason()), maxText, hide)
	b = put(b, causeOf(d), maxCause, hide)
	if d.Prepared() {
		return b
	}
	for i := range d.Steps[:min(len(d.Steps), maxSteps)] {
		x := &d.Steps[i]
		b = put(b, string(x.Stage), maxText, hide)
		b = put(b, x.Method, maxText, hide)
		b = put(b, string(x.Reason), maxText, hide)
		b = put(b, x.Note, maxCause, hide)
	}
	return b
}

// What is true of a record, in one octet.
const (
	markAllowed = 1 << iota
	markSecure
)

// maxSteps is more than a walk has.
const maxSteps = 12

// put writes the length of s and s, shortened to n.
func put(b []byte, s string, n int, hide bool) []byte {
	if hide {
		s = string(mask([]byte(cut(s, n))))
	}
	if len(s) > n {
		b = binary.AppendUvarint(b, uint64(n))
		b = append(b, s[:n-3]...)
		return append(b, "..."...)
	}
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// reader takes a packed record apart. We wrote it, so that it can be trusted.
type reader []byte

func (r *reader) bytes() []byte {
	n, w := binary.Uvarint(*r)
	out := (*r)[w : w+int(n)]
	*r = (*r)[w+int(n):]
	return out
}

func (r *reader) text() string { return string(r.bytes()) }

func (r *reader) byte() byte {
	c := (*r)[0]
	*r = (*r)[1:]
	return c
}

func (r *reader) uint32() uint32 {
	n := binary.LittleEndian.Uint32(*r)
	*r = (*r)[4:]
	return n
}

func (r *reader) uint64() uint64 {
	n := binary.LittleEndian.Uint64(*r)
	*r = (*r)[8:]
	return n
}

// id of a packed record, without taking the rest apart.
func (x *packed) id() []byte {
	r := reader(x.data)
	return r.bytes()
}

func (x *packed) unpack() *record {
	r := reader(x.data)
	rec := &record{id: r.text(), time: time.Unix(0, int64(r.uint64())).UTC(), challenges: x.challenges, resource: x.resource}
	marks := r.byte()
	rec.allowed, rec.secure = marks&markAllowed != 0, marks&markSecure != 0
	rec.seen = seen{r.byte(), r.byte(), r.uint32(), r.uint32(), r.uint32()}
	_ = rec.client.UnmarshalBinary(r.bytes()) // as it was written
	for _, s := range []*string{&rec.inbound, &rec.verb, &rec.host, &rec.port, &rec.path, &rec.agent, &rec.rule, &rec.method,
		&rec.subject, &rec.issuer, &rec.cred} {
		*s = r.text()
	}
	rec.reason = reason.Code(r.text())
	rec.cause = r.text()
	for _, s := range x.steps {
		// The rule is the operator's to name.
		s.Note = string(mask([]byte(s.Note)))
		rec.steps = append(rec.steps, s)
	}
	for len(r) > 0 {
		rec.steps = append(rec.steps, gate401.Step{Stage: gate401.Stage(r.text()), Method: r.text(), Reason: reason.Code(r.text()), Note: r.text()})
	}
	return rec
}
