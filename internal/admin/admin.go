// Package admin is the surface for operators: health, readiness, and the traces
// of refusals as JSON.
//
// Start with a [Handler]. It belongs on a listener that only operators reach:
// it asks for no credential. It answers only requests whose Host is an address
// or this machine, so that no page on the web can read it through a name that it
// points here (DNS rebinding). All that it changes is that the configuration is
// read again.
package admin

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

// Handler serves the admin listener. Its fields are set before the first use.
type Handler struct {
	// Version of the program.
	Version string
	// Traces are the refusals that can be looked up. Required.
	Traces *watch.Traces
	// Ready returns the checks of /readyz by name, those of this moment.
	Ready func() map[string]func(context.Context) error
	// Configuration is what is in force and what came of the last try to change
	// it, for /api/config; brief leaves out the configuration itself, for
	// /readyz. Nil for neither.
	Configuration func(brief bool) any
	// Reload reads the configuration again, for POST /api/reload, and tells
	// whether it is in force now, and what is; nil for no such page.
	Reload func(context.Context) (taken bool, inForce any, err error)
	// Upstreams is how the servers behind the gate are, for /api/upstreams.
	Upstreams func() any
	// Limited is who is held off at the moment, for /api/limits.
	Limited func() any
}

// ServeHTTP answers GET and HEAD, and POST to /api/reload.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Robots-Tag", "noindex")
	switch {
	case !local(r.Host):
		answer(w, http.StatusMisdirectedRequest, fault{"this listener answers to an address or localhost only"})
	case r.URL.Path == "/api/reload" && h.Reload != nil:
		h.reload(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		head.Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, fault{"only GET and HEAD are understood here"})
	case r.URL.Path == "/":
		answer(w, http.StatusOK, index{"gate401", h.Version, []string{"/healthz", "/readyz", "/api/traces", "/api/traces/{request_id}", "/api/limits", "/api/upstreams", "/api/runtime", "/api/config", "POST /api/reload"}})
	case r.URL.Path == "/healthz":
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	case r.URL.Path == "/readyz":
		h.readyz(w, r)
	case r.URL.Path == "/api/traces":
		h.recent(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/traces/"):
		h.trace(w, strings.TrimPrefix(r.URL.Path, "/api/traces/"))
	case r.URL.Path == "/api/config" && h.Configuration != nil:
		answer(w, http.StatusOK, h.Configuration(false))
	case r.URL.Path == "/api/runtime":
		answer(w, http.StatusOK, now())
	case r.URL.Path == "/api/upstreams" && h.Upstreams != nil:
		answer(w, http.StatusOK, h.Upstreams())
	case r.URL.Path == "/api/limits" && h.Limited != nil:
		answer(w, http.StatusOK, h.Limited())
	default:
		answer(w, http.StatusNotFound, fault{"there is no such page; / lists those that there are"})
	}
}

type (
	fault struct {
		Error string `json:"error"`
	}
	index struct {
		Name    string   `json:"name"`
		Version string   `json:"version"`
		Pages   []string `json:"pages"`
	}
)

// recent lists refusals, newest first, filtered by the query.
func (h *Handler) recent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil || n < 1 || n > 1000 {
		n = 100
	}
	f := watch.Filter{
		Rule: q.Get("rule"), Method: q.Get("method"), Subject: q.Get("subject"), Reason: reason.Code(q.Get("reason")),
		Host: q.Get("host"), Path: q.Get("path"),
	}
	if s := q.Get("status"); s != "" {
		if f.Status, err = strconv.Atoi(s); err != nil {
			answer(w, http.StatusBadRequest, fault{"status is no number"})
			return
		}
	}
	if s := q.Get("client"); s != "" {
		if f.Client, err = network(s); err != nil {
			answer(w, http.StatusBadRequest, fault{"client is no address and no network"})
			return
		}
	}
	if s := q.Get("since"); s != "" {
		if f.Since, err = time.Parse(time.RFC3339, s); err != nil {
			answer(w, http.StatusBadRequest, fault{"since is no time; write it as 2026-01-02T03:04:05Z"})
			return
		}
	}
	traces := h.Traces.Recent(n, f)
	if traces == nil {
		traces = []watch.Trace{}
	}
	answer(w, http.StatusOK, map[string]any{"traces": traces, "refused_in_all": h.Traces.Total()})
}

func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Prefix(a.BitLen())
	}
	return netip.ParsePrefix(s)
}

func (h *Handler) trace(w http.ResponseWriter, id string) {
	t, ok := h.Traces.Lookup(id)
	if !ok {
		answer(w, http.StatusNotFound, fault{"no refusal with this request id is kept; the newest ones are under /api/traces"})
		return
	}
	answer(w, http.StatusOK, t)
}

// local tells whether host is an address or the name of this machine. A page
// that points its own name here sends that name.
func local(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
