package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/loopback"
)

const fieldHSTS = "Strict-Transport-Security"

// strict adds Strict-Transport-Security to every answer that a client gets over
// https, refusals and redirects too, and to none that it gets over plain http
// (RFC 6797 section 7.2).
type strict struct {
	next    http.Handler
	value   []string
	trusted []netip.Prefix
}

// withHSTS is next with what the file says of HSTS.
func withHSTS(next http.Handler, cfg *config.File) http.Handler {
	t := cfg.TLS.HSTS
	if t.None || t.MaxAge == 0 {
		// None is wanted, or no client can come by https.
		return next
	}
	value := "max-age=" + strconv.FormatInt(int64(t.MaxAge.Seconds()), 10)
	if t.IncludeSubdomains {
		value += "; includeSubDomains"
	}
	if t.Preload {
		value += "; preload"
	}
	return &strict{next: next, value: []string{value}, trusted: slices.Concat(cfg.Gate.TrustedProxies, cfg.Forward.From)}
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.secure(r) {
		w.Header()[fieldHSTS] = s.value[:1:1]
	}
	s.next.ServeHTTP(w, r)
}

// secure tells whether the client came by https, as far as we or a trusted proxy
// can tell, and to a name: addresses are no HSTS hosts (RFC 6797 section 8.1.1),
// and what is told of localhost would hold for every other program there.
func (s *strict) secure(r *http.Request) bool {
	if r.TLS != nil {
		host := hostOnly(r.Host)
		_, err := netip.ParseAddr(strings.Trim(host, "[]"))
		return err != nil && host != "" && !loopback.Only(host)
	}
	if len(s.trusted) == 0 {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !slices.ContainsFunc(s.trusted, func(p netip.Prefix) bool { return p.Contains(peer.Addr().Unmap()) }) {
		return false
	}
	fields := r.Header["X-Forwarded-Proto"]
	if len(fields) == 0 {
		return false
	}
	last := fields[len(fields)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]) == "https"
}

// hostOnly is a Host field without its port.
func hostOnly(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}
