package demo

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// allTime bounds the run of all rows.
const allTime = 90 * time.Second

// maxRuns is how many runs go on at the same time; the rest is told to come
// back.
const maxRuns = 4

// Page is the page with one row per cause, at "/", and what its buttons ask, at
// "/demo/". Its fields are set before the first request. Safe for concurrent
// use.
type Page struct {
	Fixtures Fixtures
	// Dial reaches the gate.
	Dial Dial
	// Renew, if set, is called for every run and gives the fixtures with fresh
	// tokens: a demo is left open for longer than a token is good.
	Renew func(Fixtures) Fixtures
	// Trace answers what cause the gate wrote down for a request id; nil leaves
	// that out.
	Trace func(requestID string) (reason.Code, bool)

	once    sync.Once
	rows    []Row
	handler http.Handler
	runs    chan struct{}
}

// ServeHTTP answers for "/" and everything below "/demo/".
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.once.Do(p.prepare)
	p.handler.ServeHTTP(w, r)
}

// current are the fixtures of one run.
func (p *Page) current() Fixtures {
	if p.Renew != nil {
		return p.Renew(p.Fixtures)
	}
	return p.Fixtures
}

// Rows are the rows for which the demo has everything.
func (p *Page) Rows() []Row {
	p.once.Do(p.prepare)
	return p.rows
}

func (p *Page) prepare() {
	for _, r := range Rows() {
		if r.Ready(p.Fixtures) {
			p.rows = append(p.rows, r)
		}
	}
	p.runs = make(chan struct{}, maxRuns)
	m := http.NewServeMux()
	m.HandleFunc("/{$}", only(p.index))
	m.HandleFunc("/demo/-/{file}", only(func(w http.ResponseWriter, r *http.Request) { web.Serve(w, r, r.PathValue("file")) }))
	m.HandleFunc("/demo/try", p.try(p.tryAll))
	m.HandleFunc("/demo/try/{row}", p.try(p.tryOne))
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "There is nothing at this address.")
	})
	// A page of another origin must not make a visitor's browser press the
	// buttons: they count as attempts at the gate.
	guard := http.NewCrossOriginProtection()
	if gate := strings.TrimSuffix(p.Fixtures.Credentials.Gate, "/"); gate != "" {
		// Behind the gate the Host field may be the upstream's own. A gate
		// address that is no origin adds none.
		_ = guard.AddTrustedOrigin(gate)
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusForbidden, "This page can be used from its own origin only.")
	}))
	p.handler = guard.Handler(m)
}

// try lets run what is posted, and leads back what is only looked at.
func (p *Page) try(run http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			run(w, r)
		case http.MethodGet, http.MethodHead:
			p.back(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			problem(w, http.StatusMethodNotAllowed, "Allowed here: POST.")
		}
	}
}

// back leads a reload of a result to its row.
func (p *Page) back(w http.ResponseWriter, r *http.Request) {
	to := "/"
	if row, ok := p.find(r.PathValue("row")); ok {
		to += "#" + row.ID
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *Page) find(id string) (Row, bool) {
	for _, row := range p.rows {
		if row.ID == id {
			return row, true
		}
	}
	return Row{}, false
}

// Basket is the page of somebody who is logged in, for [Orders.Basket].
func (p *Page) Basket(w http.ResponseWriter, r *http.Request, name string, orders []Order) {
	show(w, r, basketPage(p, name, orders))
}

func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	show(w, r, indexPage(p))
}

// tryOne runs one row: JSON for programs, the part of a page for the script,
// a page for a browser without one.
func (p *Page) tryOne(w http.ResponseWriter, r *http.Request) {
	row, ok := p.find(r.PathValue("row"))
	if !ok {
		problem(w, http.StatusNotFound, "The demo has no such row.")
		return
	}
	release, ok := p.run(w)
	if !ok {
		return
	}
	defer release()
	res, err := p.Try(r.Context(), row)
	switch {
	case err != nil:
		problem(w, http.StatusBadGateway, "The gate did not answer.")
	case r.Header.Get("Demo-Part") == "result":
		show(w, r, result(res, 4, false))
	case prefersHTML(r):
		show(w, r, resultPage(p, row, res))
	default:
		answer(w, http.StatusOK, res)
	}
}

// tryAll runs every row, one after the other.
func (p *Page) tryAll(w http.ResponseWriter, r *http.Request) {
	release, ok := p.run(w)
	if !ok {
		return
	}
	defer release()
	ctx, cancel := context.WithTimeout(r.Context(), allTime)
	defer cancel()
	all := make([]Result, 0, len(p.rows))
	for _, row := range p.rows {
		res, err := p.Try(ctx, row)
		if err != nil {
			problem(w, http.StatusBadGateway, "The gate did not answer, at the row "+row.ID+".")
			return
		}
		all = append(all, res)
	}
	if prefersHTML(r) {
		show(w, r, allPage(p, all))
		return
	}
	answer(w, http.StatusOK, map[string][]Result{"results": all})
}

// run takes one of the places for runs.
func (p *Page) run(w http.ResponseWriter) (release func(), ok bool) {
	select {
	case p.runs <- struct{}{}:
		return func() { <-p.runs }, true
	default:
		w.Header().Set("Retry-After", "2")
		problem(w, http.StatusServiceUnavailable, "Too many rows are being tried at this moment.")
		return nil, false
	}
}

// prefersHTML tells a browser from a program: only browsers name HTML here.
func prefersHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

func show(w http.ResponseWriter, r *http.Request, c templ.Component) {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		problem(w, http.StatusInternalServerError, "The page could not be written.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

var _ http.Handler = (*Page)(nil)
