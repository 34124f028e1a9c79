package openapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/token"
)

// PathDocuments is the path of the API.
const PathDocuments = "/__mock/api/openapi"

// MaxDocuments is how many documents a Library holds.
const MaxDocuments = 20

// ErrFull says that a Library has as many documents as it may have.
var ErrFull = errors.New("there are " + strconv.Itoa(MaxDocuments) + " documents already; remove one")

// Library holds the documents that a mock plays. The zero value is ready; Options
// are set before first use. Safe for concurrent use; do not copy it.
type Library struct {
	// Options are those of all documents, but for Prefix.
	Options Options

	loading sync.Mutex // reading a document takes memory: one at a time
	mu      sync.RWMutex
	all     []held
	last    int
}

type held struct {
	id, name, prefix string
	doc              *Document
}

// Summary is a document as the API shows it.
type Summary struct {
	ID         string       `json:"id"`
	Name       string       `json:"name,omitempty"`
	Title      string       `json:"title"`
	Version    string       `json:"version"`
	Prefix     string       `json:"prefix,omitempty"`
	URLs       []string     `json:"urls"` // below which its paths are answered
	Warnings   []string     `json:"warnings"`
	Operations []Ready      `json:"operations"`
	Accepted   []Credential `json:"credentials"`
}

// Add reads a document and plays it from now on; prefix is Options.Prefix. It
// returns the ID. The error is Errors, or ErrFull.
func (l *Library) Add(name string, data []byte, prefix string) (string, error) {
	l.loading.Lock()
	defer l.loading.Unlock()
	l.mu.RLock()
	full := len(l.all) >= MaxDocuments
	l.mu.RUnlock()
	if full {
		return "", ErrFull
	}
	// One key for all documents, made when the first one needs it.
	if l.Options.SigningKey == nil {
		key, err := token.GenerateKey("")
		if err != nil {
			return "", err
		}
		l.Options.SigningKey = key
	}
	o := l.Options
	l.mu.RLock()
	o.Help = PathDocuments + "/" + strconv.Itoa(l.last+1)
	l.mu.RUnlock()
	if o.Prefix = prefix; prefix != "" {
		if err := checkPrefix(prefix); err != nil {
			return "", Errors{{Pointer: "", Message: err.Error(), Hint: "such as /petstore"}}
		}
	}
	doc, err := Load(name, data, o)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	id := strconv.Itoa(l.last)
	// The newest first: it wins where two documents have one path.
	l.all = append([]held{{id, name, prefix, doc}}, l.all...)
	return id, nil
}

func checkPrefix(prefix string) error {
	p := "/" + strings.Trim(prefix, "/")
	if len(p) > 200 || strings.ContainsFunc(p, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`?#%\"<>{}`, r)
	}) {
		return fmt.Errorf("the prefix %s is no plain path", strconv.Quote(clip(prefix)))
	}
	if p == "/__mock" || strings.HasPrefix(p, "/__mock/") {
		return errors.New("/__mock/ is the mock's own")
	}
	return nil
}

// Remove forgets a document and tells whether there was one.
func (l *Library) Remove(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range l.all {
		if h.id == id {
			l.all = append(append([]held{}, l.all[:i]...), l.all[i+1:]...)
			return true
		}
	}
	return false
}

// Get returns a document.
func (l *Library) Get(id string) (*Document, bool) {
	h, ok := l.get(id)
	return h.doc, ok
}

func (l *Library) get(id string) (held, bool) {
	for _, h := range l.snapshot() {
		if h.id == id {
			return h, true
		}
	}
	return held{}, false
}

// snapshot is the documents as they are; the list is replaced, never changed.
func (l *Library) snapshot() []held {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.all
}

// Has tells whether a document answers r.
func (l *Library) Has(r *http.Request) bool {
	for _, h := range l.snapshot() {
		if o, _ := h.doc.find(r, r.URL.EscapedPath()); o != nil {
			return true
		}
	}
	return false
}

// Handler answers with the documents, the newest first, and lets next answer what
// none of them has. Paths below /__mock/ are never matched.
func (l *Library) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.EscapedPath(); p != "/__mock" && !strings.HasPrefix(p, "/__mock/") {
			for _, h := range l.snapshot() {
				if h.doc.serve(w, r, p) {
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// HasBelow tells whether Below has an answer.
func (l *Library) HasBelow(prefix string, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	for _, h := range l.snapshot() {
		if o, allowed := h.doc.find(r, path); ok && (o != nil || len(allowed) > 0 && wire.Preflight(r)) {
			return true
		}
	}
	return false
}

// Below answers as Handler does, with the paths of the documents below a prefix,
// such as that of a session, and tells whether there was an answer.
func (l *Library) Below(prefix string, w http.ResponseWriter, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	for _, h := range l.snapshot() {
		if ok && h.doc.serve(w, r, path) {
			return true
		}
	}
	return false
}

// API answers the paths by which documents come and go:
//
//	GET    /__mock/api/openapi                     {"documents":[Summary]}, with one credential for each scheme
//	POST   /__mock/api/openapi?name=&prefix=       the document; 201 Summary
//	GET    /__mock/api/openapi/{id}                Summary with new tokens
//	DELETE /__mock/api/openapi/{id}                204
//
// It asks for no proof: let nobody reach it whom you would not let change the
// mock, nor a page of another origin.
func (l *Library) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathDocuments, l.serveList)
	mux.HandleFunc("POST "+PathDocuments, l.serveAdd)
	mux.HandleFunc("GET "+PathDocuments+"/{id}", l.serveGet)
	mux.HandleFunc("DELETE "+PathDocuments+"/{id}", l.serveRemove)
	return mux
}

func originOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func summary(origin string, h held, all bool) (Summary, error) {
	accepted, err := h.doc.credentials(all)
	s := Summary{ID: h.id, Name: h.name, Title: h.doc.Title, Version: h.doc.Version, Prefix: h.prefix,
		Warnings: append([]string{}, h.doc.Warnings...), Operations: h.doc.Ready(origin, accepted), Accepted: accepted}
	for _, base := range h.doc.bases {
		s.URLs = append(s.URLs, origin+base)
	}
	return s, err
}

// Summaries are the documents, the newest first, with one credential for each
// scheme. origin is scheme and host of the mock.
func (l *Library) Summaries(origin string) ([]Summary, error) {
	out := []Summary{}
	for _, h := range l.snapshot() {
		s, err := summary(origin, h, false)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (l *Library) serveList(w http.ResponseWriter, r *http.Request) {
	out, err := l.Summaries(originOf(r))
	if err != nil {
		wire.Problem(w, http.StatusInternalServerError, "no token could be made")
		return
	}
	wire.JSON(w, http.StatusOK, map[string]any{"documents": out})
}

func (l *Library) serveAdd(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxSize))
	if err != nil {
		status := http.StatusBadRequest
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			status = http.StatusRequestEntityTooLarge
		}
		wire.Problem(w, status, "the document could not be read; it may have at most "+strconv.Itoa(MaxSize)+" octets")
		return
	}
	id, err := l.Add(clip(r.URL.Query().Get("name")), data, r.URL.Query().Get("prefix"))
	var errs Errors
	switch {
	case errors.As(err, &errs):
		wire.ProblemWith(w, http.StatusBadRequest, errs.Error(), "errors", errs)
	case errors.Is(err, ErrFull):
		wire.Problem(w, http.StatusConflict, err.Error())
	case err != nil:
		wire.Problem(w, http.StatusInternalServerError, "no key could be made")
	default:
		w.Header().Set("Location", PathDocuments+"/"+id)
		l.show(w, r, id, http.StatusCreated)
	}
}

func (l *Library) serveGet(w http.ResponseWriter, r *http.Request) {
	l.show(w, r, r.PathValue("id"), http.StatusOK)
}

func (l *Library) show(w http.ResponseWriter, r *http.Request, id string, status int) {
	h, ok := l.get(id)
	if !ok {
		wire.Problem(w, http.StatusNotFound, "there is no document "+strconv.Quote(clip(id)))
		return
	}
	s, err := summary(originOf(r), h, true)
	if err != nil {
		wire.Problem(w, http.StatusInternalServerError, "no token could be made")
		return
	}
	wire.JSON(w, status, s)
}

func (l *Library) serveRemove(w http.ResponseWriter, r *http.Request) {
	if !l.Remove(r.PathValue("id")) {
		wire.Problem(w, http.StatusNotFound, "there is no document "+strconv.Quote(clip(r.PathValue("id"))))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
