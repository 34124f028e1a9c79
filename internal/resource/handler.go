package resource

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gate401/gate401"
)

// Config says what New makes.
type Config struct {
	// Gate reads requests, and knows whose addresses are blocked. Required.
	Gate *gate401.Gate
	// All is what every rule asks, Every what the rules for the host and path of
	// a request ask of any verb: methods of access.Policy. Required.
	All   []gate401.Requirement
	Every func(*gate401.Request) []gate401.Requirement
	// Name is what people call the API, and Documentation a page for the
	// developers of its clients; empty for none.
	Name, Documentation string
}

// Handler answers with the metadata of resources. It is safe for concurrent use.
type Handler struct {
	config Config
	named  map[string]*Document // resources that rules name, by their identifier
}

// New makes a Handler.
func New(c Config) (*Handler, error) {
	if c.Gate == nil || c.Every == nil {
		return nil, errors.New("resource: no gate, or no rules")
	}
	h := &Handler{config: c, named: map[string]*Document{}}
	nobody := &gate401.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Path: "/"}
	for i := range c.All {
		q := &c.All[i]
		if !published(nobody, q) || q.Resource.URL == "" {
			continue
		}
		d := h.named[q.Resource.URL]
		if d == nil {
			d = h.about(q.Resource.URL)
			h.named[q.Resource.URL] = d
		}
		d.add(q)
	}
	return h, nil
}

// about is a document without what rules ask.
func (h *Handler) about(resource string) *Document {
	return &Document{
		Resource: resource, BearerMethods: []string{"header"},
		ResourceName: h.config.Name, Documentation: h.config.Documentation,
	}
}

// Owns tells whether a decoded path belongs to the metadata.
func Owns(path string) bool {
	rest, ok := strings.CutPrefix(path, gate401.MetadataPath)
	return ok && (rest == "" || rest[0] == '/')
}

// Fault says why there is no document.
type Fault struct {
	Status int
	Detail string // for the caller
}

// Error is the detail.
func (f *Fault) Error() string { return f.Detail }

var (
	errUnreadable = &Fault{http.StatusBadRequest, "This is no URL that the gate could read in one way, so that it protects nothing there."}
	errBlocked    = &Fault{http.StatusForbidden, "The gate answers nothing to this address."}
	// Whether there is such a path is not said: the gate does not know, and who
	// asks could learn no more from a request to it.
	errNone = &Fault{http.StatusNotFound, "No rule asks for a token at that URL. The address of metadata is that of a challenge, " +
		"or " + gate401.MetadataPath + " put between the host and the path of the URL that was refused (RFC 9728 section 3.1)."}
)

// Describe finds the document that is asked for. The error is a *Fault.
func (h *Handler) Describe(hr *http.Request) (*Document, error) {
	path, ok := strings.CutPrefix(hr.URL.EscapedPath(), gate401.MetadataPath)
	if !ok || path != "" && path[0] != '/' {
		return nil, errUnreadable // the name itself in another spelling
	}
	r, err := h.request(hr, path)
	if err != nil {
		return nil, errUnreadable
	}
	if h.config.Gate.Policy != nil && h.config.Gate.Policy(r).Blocked {
		return nil, errBlocked
	}
	origin := r.URL.Scheme + "://" + r.URL.Host
	id := origin + spelt(hr.RequestURI, path, r.Path)
	if r.URL.RawQuery != "" {
		id += "?" + r.URL.RawQuery
	}
	if d := h.named[id]; d != nil {
		return d, nil
	}
	if path == "" { // the slash behind the host was taken away (section 3.1)
		if d := h.named[origin+"/"+id[len(origin):]]; d != nil {
			return d, nil
		}
	}
	return h.perURL(r, id)
}

// spelt is the path of the resource as the client wrote it in the target of its
// request: net/url encodes more octets than some clients do. If it cannot be
// found there, it is the path that net/url made.
func spelt(target, path, judged string) string {
	_, raw, _ := strings.Cut(target, gate401.MetadataPath)
	raw, _, _ = strings.Cut(raw, "?")
	if raw == path {
		return path
	}
	if canonical, err := gate401.CanonicalPath(raw); err != nil || canonical != judged {
		return path
	}
	return raw
}

// request is what a request to the resource itself would be.
func (h *Handler) request(hr *http.Request, path string) (*gate401.Request, error) {
	target := path
	if target == "" {
		target = "/"
	}
	plain, err := url.PathUnescape(target)
	if err != nil {
		return nil, err
	}
	inner := *hr
	inner.Method, inner.Body = http.MethodGet, nil
	inner.URL = &url.URL{Path: plain, RawPath: target, RawQuery: hr.URL.RawQuery}
	inner.RequestURI = inner.URL.RequestURI()
	return h.config.Gate.Intake.Request(&inner)
}

// perURL describes a URL that is a resource of its own.
func (h *Handler) perURL(r *gate401.Request, id string) (*Document, error) {
	var d *Document
	named := ""
	for _, q := range h.config.Every(r) {
		switch {
		case !published(r, &q):
		case q.Resource.URL != "":
			named = q.Resource.URL
		default:
			if d == nil {
				d = h.about(id)
			}
			d.add(&q)
		}
	}
	switch {
	case d != nil:
		return d, nil
	case named != "":
		return nil, &Fault{http.StatusNotFound, "This URL is part of the resource " + named + ", whose metadata is at " +
			(&gate401.Resource{URL: named}).Metadata(r) + "."}
	}
	return nil, errNone
}

// ServeHTTP answers a request whose path it [Owns].
func (h *Handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	header := w.Header()
	// What it says is public, and pages ask for it: with a field for a version of
	// their protocol, which makes browsers ask first.
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	switch hr.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		header.Set("Allow", allowed)
		header.Set("Access-Control-Allow-Methods", allowed)
		header.Set("Access-Control-Allow-Headers", "*")
		header.Set("Access-Control-Max-Age", "600")
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		header.Set("Allow", allowed)
		problem(w, &Fault{http.StatusMethodNotAllowed, "Only GET and HEAD are understood here."})
		return
	}
	d, err := h.Describe(hr)
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		problem(w, fault)
		return
	case err != nil:
		problem(w, &Fault{http.StatusInternalServerError, ""})
		return
	}
	header.Set("Content-Type", "application/json")
	// Long enough to spare the round trip, short enough that a changed rule is
	// noticed; a new challenge makes clients ask again (section 5.2).
	header.Set("Cache-Control", "public, max-age=300")
	write(w, http.StatusOK, d)
}

const allowed = "GET, HEAD, OPTIONS"

// problem writes an RFC 9457 document that is no refusal by a rule.
func problem(w http.ResponseWriter, f *Fault) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	write(w, f.Status, map[string]any{"type": "about:blank", "title": http.StatusText(f.Status), "status": f.Status, "detail": f.Detail})
}

func write(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // a URL is compared octet by octet, also by people
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client may be gone
}

var _ http.Handler = (*Handler)(nil)
