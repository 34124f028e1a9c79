package server

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/secretname"
)

// Limits of the listener for plain http, which has next to nothing to say.
const (
	plainHeader  = 16 << 10
	plainTimeout = 10 * time.Second
)

// plainServer answers whoever comes by plain http.
func (h *house) plainServer() *http.Server {
	s := h.server(&redirect{house: h})
	s.MaxHeaderBytes, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = plainHeader, plainTimeout, plainTimeout, plainTimeout
	return s
}

// redirect sends requests by plain http to https. It never asks for a credential:
// whoever is on the way would read it. One that was sent all the same was read
// perhaps, so its sender is told that, and not redirected: a client that follows
// would go on sending it in clear, and nobody would notice.
type redirect struct{ house *house }

func (d *redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := d.house.enter()
	if g == nil {
		w.Header().Set("Connection", "close")
		plainProblem(w, http.StatusServiceUnavailable, "The gate is ending. Send the same request again.", "")
		return
	}
	defer g.leave()
	if g.secured != nil && g.secured.acme != nil && strings.HasPrefix(r.URL.Path, certificate.ChallengePath) &&
		(r.Method == http.MethodGet || r.Method == http.MethodHead) {
		g.secured.acme.Challenge(w, r)
		return
	}
	to, ok := g.https(r)
	if !ok {
		// Only to names that are ours: not wherever a Host field says.
		plainProblem(w, http.StatusMisdirectedRequest, "This is not a host of this gate.", "")
		return
	}
	credential := g.carries(r)
	if credential != "" {
		d.house.log.Warn("a credential came by plain http", slog.String("client", peer(r)), slog.String("host", to.Hostname()), slog.String("place", credential))
		to.RawQuery = "" // it may hold the credential
		// Whatever else waits on this connection would come in clear too.
		w.Header().Set("Connection", "close")
		plainProblem(w, http.StatusForbidden, "The request came by plain http and carried a credential ("+credential+
			"), which everyone on the way could read. Replace the credential, and send requests to the https URL alone.", to.String())
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Connection", "close")
		plainProblem(w, http.StatusForbidden, "The request came by plain http, where only GET and HEAD are redirected: what else a request carries, everyone on the way could read. Send it to the https URL.", to.String())
		return
	}
	h := w.Header()
	h.Set("Location", to.String())
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "max-age=3600")
	h.Set("X-Content-Type-Options", "nosniff")
	// The method stays what it was (RFC 9110 section 15.4.9).
	w.WriteHeader(http.StatusPermanentRedirect)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte("This is served over https alone.\n"))
	}
}

// https is the URL of r over https; ok is false where r is not for a host of the
// gate.
func (g *generation) https(r *http.Request) (to *url.URL, ok bool) {
	if g.secured == nil || r.Method == http.MethodConnect || r.URL.Opaque != "" || r.RequestURI == "*" {
		return nil, false
	}
	host := strings.ToLower(strings.TrimSuffix(hostOnly(r.Host), "."))
	public := g.public.Hostname()
	switch {
	case host == "":
		// HTTP/1.0 without a Host field: there is one host that we know of.
		if g.config.Gate.PublicURL == "" {
			return nil, false
		}
		host = public
	case !plainHost(host):
		return nil, false
	case !strings.EqualFold(strings.Trim(host, "[]"), public) && !g.secured.keeper.Speaks(strings.Trim(host, "[]")):
		return nil, false
	}
	if !strings.HasPrefix(host, "[") && strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := g.public.Port(); port != "" && port != "443" {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	return &url.URL{Scheme: "https", Host: host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}, true
}

// plainHost tells whether host is a name in the usual letters, or an address. In
// a Host field no escape, no user and no other spelling of an address is ours.
func plainHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is6() && a.Zone() == ""
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

// carries names where r carries a credential, "" where it does not.
func (g *generation) carries(r *http.Request) string {
	for _, name := range append([]string{"Authorization", "Proxy-Authorization"}, g.system.Headers...) {
		if len(r.Header[http.CanonicalHeaderKey(name)]) > 0 {
			return name
		}
	}
	if len(g.system.Query) > 0 && r.URL.RawQuery != "" {
		// What cannot be parsed is looked at by name.
		query, err := url.ParseQuery(r.URL.RawQuery)
		for _, name := range g.system.Query {
			if query.Has(name) || err != nil && strings.Contains(r.URL.RawQuery, name+"=") {
				return "the parameter " + name
			}
		}
	}
	for _, name := range g.system.Cookies {
		if _, err := r.Cookie(name); err == nil {
			return "the cookie " + name
		}
	}
	return stray(r)
}

// stray names where r carries a credential that no method would find: it is lost
// to whoever listens all the same. Fields go by their names, since a browser that
// is to be redirected sends none of these; parameters by their values, and by the
// name of RFC 6750 section 2.3, since pages have a state, a code and a key of
// their own.
func stray(r *http.Request) string {
	for name := range r.Header {
		if name != "Cookie" && secretname.Is(name) {
			return "the field " + name
		}
	}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); build.LooksSecret(value) || strings.EqualFold(name, "access_token") && value != "" {
			return "a parameter"
		}
	}
	return ""
}

func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// plainProblem is problem with the URL at which to try again.
func plainProblem(w http.ResponseWriter, status int, detail, https string) {
	doc := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		URL    string `json:"https_url,omitempty"`
	}{"about:blank", http.StatusText(status), status, detail, https}
	body, err := json.Marshal(doc)
	if err != nil {
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
