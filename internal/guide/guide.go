package guide

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// Guide serves the pages of all reasons below its prefix. Its fields are set
// before the first request. Safe for concurrent use; a page is rendered when it
// is first asked for, and then kept.
type Guide struct {
	// Prefix is the path below which the pages are, as the client sees it, with
	// a slash at both ends; empty means "/auth/problems/".
	Prefix string
	// Inspector is where the page that takes tokens apart is; empty for no link
	// to it.
	Inspector string

	once  sync.Once
	pages map[string]*page
}

// page is one answer in its two forms. Nothing in it depends on a request.
type page struct {
	html templ.Component
	json func() []byte
	once [2]sync.Once
	form [2]form
}

type form struct {
	body []byte
	etag string
	err  error
}

// ServeHTTP answers GET and HEAD.
func (g *Guide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.once.Do(g.prepare)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		g.problem(w, r, http.StatusMethodNotAllowed, "Only GET and HEAD are understood here.", nil)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, g.Prefix)
	if !ok {
		if r.URL.Path+"/" == g.Prefix {
			g.redirect(w, r, g.Prefix)
			return
		}
		g.missing(w, r, "")
		return
	}
	if file, ok := strings.CutPrefix(name, "-/"); ok {
		web.Serve(w, r, file)
		return
	}
	if p, ok := g.pages[name]; ok {
		h.Set("Vary", "Accept")
		g.serve(w, r, p, wantsJSON(r.Header["Accept"]))
		return
	}
	bare, isJSON := strings.CutSuffix(name, ".json")
	if bare == "index" {
		bare = ""
	}
	if p, ok := g.pages[bare]; ok && isJSON {
		g.serve(w, r, p, true)
		return
	}
	if trimmed := strings.TrimSuffix(name, "/"); trimmed != name && g.pages[trimmed] != nil {
		g.redirect(w, r, g.Prefix+trimmed)
		return
	}
	g.missing(w, r, bare)
}

// prepare makes the list of pages; none is rendered yet.
func (g *Guide) prepare() {
	if g.Prefix == "" {
		g.Prefix = "/auth/problems/"
	}
	g.pages = map[string]*page{"": {
		html: indexPage(g.Prefix, g.Inspector), json: func() []byte { return encode(indexOf(g.Prefix)) },
	}}
	for _, info := range reason.All() {
		g.pages[string(info.Code)] = &page{
			html: entryPage(g.Prefix, info), json: func() []byte { return encode(entryOf(info, g.Prefix)) },
		}
	}
}

// serve writes one form of the page. ETag, conditions and HEAD are left to
// http.ServeContent (RFC 9110 section 13).
func (g *Guide) serve(w http.ResponseWriter, r *http.Request, p *page, asJSON bool) {
	f := p.get(asJSON)
	if f.err != nil {
		g.problem(w, r, http.StatusInternalServerError, "The page could not be written.", nil)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", f.etag)
	h.Set("Content-Security-Policy", web.Policy)
	if asJSON {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		// Public and the same for everyone: a script that got a problem may
		// look up its type, from whatever origin. The page is what search
		// engines should show.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Robots-Tag", "noindex")
	} else {
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

func (p *page) get(asJSON bool) *form {
	i := 0
	if asJSON {
		i = 1
	}
	p.once[i].Do(func() {
		f := &p.form[i]
		if asJSON {
			f.body = p.json()
		} else {
			f.body, f.err = render(p.html)
		}
		sum := sha256.Sum256(f.body)
		f.etag = `"` + hex.EncodeToString(sum[:9]) + `"`
	})
	return &p.form[i]
}

func render(c templ.Component) ([]byte, error) {
	var b bytes.Buffer
	err := c.Render(context.Background(), &b)
	return b.Bytes(), err
}

func (g *Guide) redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.Redirect(w, r, to, http.StatusPermanentRedirect) //nolint:gosec // to is below our own prefix, made of names in the catalogue
}

// missing answers for a code that does not exist, with those that were
// probably meant.
func (g *Guide) missing(w http.ResponseWriter, r *http.Request, name string) {
	guesses := similar(name)
	if wantsJSON(r.Header["Accept"]) || strings.HasSuffix(r.URL.Path, ".json") {
		g.problem(w, r, http.StatusNotFound, "There is no reason with this code.", guesses)
		return
	}
	if len(name) > longestGuess {
		name = name[:longestGuess] + "..."
	}
	body, err := render(missingPage(g.Prefix, strings.ToValidUTF8(name, "?"), guesses))
	if err != nil {
		g.problem(w, r, http.StatusInternalServerError, "The page could not be written.", nil)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.Policy)
	g.failed(w, r, http.StatusNotFound, body)
}

// problem writes a problem document (RFC 9457).
func (g *Guide) problem(w http.ResponseWriter, r *http.Request, status int, detail string, guesses []reason.Info) {
	doc := struct {
		Title   string   `json:"title"`
		Status  int      `json:"status"`
		Detail  string   `json:"detail"`
		Similar []string `json:"similar,omitempty"`
	}{Title: http.StatusText(status), Status: status, Detail: detail}
	for _, i := range guesses {
		doc.Similar = append(doc.Similar, i.Page(g.Prefix))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	g.failed(w, r, status, encode(doc))
}

// failed writes an answer that nobody keeps: a 404 may be stored without being
// asked to (RFC 9110 section 15.1).
func (g *Guide) failed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Vary", "Accept")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

var _ http.Handler = (*Guide)(nil)
