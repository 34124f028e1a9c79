package gate401

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// MetadataPath is what is put between the host and the path of a resource to get
// the URL of its metadata (RFC 9728 section 3).
const MetadataPath = "/.well-known/oauth-protected-resource"

// maxMetadata is the longest URL of metadata that a challenge carries. Proxies
// in front have little room for the fields of an answer, and the path is the
// client's.
const maxMetadata = 2048

// Resource tells that metadata is published about what a rule protects (RFC
// 9728), and of which resource it speaks. The challenges of the rule then name
// where it is. It does not publish anything itself.
type Resource struct {
	// URL is the identifier of the resource (RFC 9728 section 1.2) where all that
	// the rule protects is one. Empty makes each URL that is called a resource of
	// its own, as section 3.3 asks of metadata that a challenge leads to.
	URL string
	// Secret tells whether a query parameter may hold a credential, by its name and
	// value, and, with an empty name, whether a path may. A URL is then spoken of
	// without its query, or not at all: the address of metadata is asked for again,
	// and written into logs. Nil leaves out every query.
	Secret func(name, value string) bool
}

// Metadata is the URL of the metadata about what r asked for. It is empty where
// that would be longer than clients and proxies take.
func (x *Resource) Metadata(r *Request) string {
	var buf [256]byte
	return string(x.append(buf[:0], r))
}

// append writes the URL of the metadata behind b, or nothing.
func (x *Resource) append(b []byte, r *Request) []byte {
	if x.URL != "" {
		return appendMetadata(b, x.URL)
	}
	if x.Secret != nil && x.Secret("", r.URL.Path) {
		return b
	}
	n := len(b)
	b = append(b, r.URL.Scheme...)
	b = append(b, "://"...)
	b = append(b, r.URL.Host...)
	b = append(b, MetadataPath...)
	b = appendURI(b, sentPath(r))
	whole := len(b)
	if query := r.URL.RawQuery; query != "" && x.shows(query) {
		b = append(b, '?')
		b = appendURI(b, query)
	}
	switch {
	case len(b)-n <= maxMetadata:
		return b
	case whole-n <= maxMetadata:
		return b[:whole]
	}
	return b[:n]
}

// appendMetadata inserts MetadataPath into the identifier of a resource. The
// slash behind a host without a path goes (RFC 9728 section 3.1).
func appendMetadata(b []byte, resource string) []byte {
	scheme, rest, _ := strings.Cut(resource, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	b = append(b, scheme...)
	b = append(b, "://"...)
	b = append(b, rest[:end]...)
	b = append(b, MetadataPath...)
	path := rest[end:]
	if path == "/" || strings.HasPrefix(path, "/?") {
		path = path[1:]
	}
	return append(b, path...)
}

// sentPath is the path as the client spelt it, because it compares what the
// metadata says with the URL that it called (RFC 9728 section 3.3). It is the
// judged path in another spelling, or the judged path itself.
func sentPath(r *Request) string {
	path := r.Target
	if i := strings.Index(path, "://"); i > 0 && path[0] != '/' { // absolute-form
		rest := path[i+3:]
		j := strings.IndexByte(rest, '/')
		if j < 0 {
			return r.Path
		}
		path = rest[j:]
	}
	path, _, _ = strings.Cut(path, "?")
	if path == r.Path {
		return path
	}
	if canonical, err := CanonicalPath(path); err != nil || canonical != r.Path {
		return r.Path
	}
	return path
}

// shows tells whether a query may be shown: none of its parameters may hold a
// credential, there are few of them, and each can be read.
func (x *Resource) shows(query string) bool {
	const most = 16
	if x.Secret == nil || len(query) > maxMetadata || strings.Count(query, "&") >= most {
		return false
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			return false
		}
		if value, err = url.QueryUnescape(value); err != nil || x.Secret(plain, value) {
			return false
		}
	}
	return true
}

// appendURI percent-encodes what a URI holds in no place (RFC 3986 section 2),
// as clients that go by the URL standard of the WHATWG do before they send it.
func appendURI(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' {
			b = append(append(b, s[from:i]...), '%', upperHex[c>>4], upperHex[c&15])
			from = i + 1
		}
	}
	return append(b, s[from:]...)
}

// takesMetadata tells whether a challenge may lead to metadata: Bearer, and DPoP
// (RFC 9728 section 5.1).
func takesMetadata(scheme string) bool {
	return strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP")
}

// described adds to the printed challenges of d where the metadata about what r
// asked for is. It stands last, so that nothing else is printed again.
func described(fields []string, r *Request, d *Decision) []string {
	if d.resource == nil || r == nil || r.URL == nil {
		return fields
	}
	const begin = `, resource_metadata="`
	out := fields
	for i := range d.Challenges {
		if i >= len(fields) || !takesMetadata(d.Challenges[i].Scheme) || has(d.Challenges[i], "resource_metadata") {
			continue
		}
		var buf [512]byte
		b := append(append(buf[:0], fields[i]...), begin...)
		n := len(b)
		if b = d.resource.append(b, r); len(b) == n {
			continue
		}
		if &out[0] == &fields[0] {
			out = slices.Clone(fields) // those of the rule are shared
		}
		out[i] = string(append(b, '"'))
	}
	return out
}

// withScope tells the scopes that the rule asks for in every challenge that can
// say so (RFC 6750 section 3), unless it tells of scopes already, or was refused
// for want of others.
func withScope(in []httpauth.Challenge, q *Requirement, d *Denial) []httpauth.Challenge {
	if len(q.Scopes) == 0 || (d != nil && d.Reason == reason.ScopeInsufficient) {
		return in
	}
	out := in
	for i, c := range in {
		if !takesMetadata(c.Scheme) || c.Token68 != "" || has(c, "scope") {
			continue
		}
		if &out[0] == &in[0] {
			out = slices.Clone(in)
		}
		params := slices.Clip(c.Params)
		at := len(params)
		if j := slices.IndexFunc(params, func(p httpauth.Param) bool { return p.Name == "resource_metadata" }); j >= 0 {
			at = j
		}
		out[i].Params = slices.Insert(params, at, httpauth.Param{Name: "scope", Value: strings.Join(q.Scopes, " ")})
	}
	return out
}
