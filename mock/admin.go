package mock

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/internal/mock/wire"
)

// admit tells whether r may use the admin API, and answers it if not.
//
// A program of the same machine may. A page in the browser of the same machine
// comes from there too, so it must have been served by the mock: the Host must
// be one of this machine (another name may have been made to point here: DNS
// rebinding), and the browser must not say that another origin asks. A proxy on
// the same machine speaks for others.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	if s.holdsToken(r) {
		return true
	}
	why := ""
	switch {
	case !loopbackPeer(r):
		why = "The admin API answers programs of the same machine, or holders of the token in --admin-token-file."
	case !loopbackHost(r.Host):
		why = "The admin API is at 127.0.0.1 or localhost; this request names another host."
	case otherOrigin(r):
		why = "A page of another origin may not use the admin API."
	default:
		return true
	}
	if s.config.AdminToken != "" {
		w.Header().Set("WWW-Authenticate", httpauth.Bearer("mock admin").String())
		wire.Problem(w, http.StatusUnauthorized, why)
		return false
	}
	wire.Problem(w, http.StatusForbidden, why)
	return false
}

func (s *Server) holdsToken(r *http.Request) bool {
	fields := r.Header.Values("Authorization")
	if s.config.AdminToken == "" || len(fields) != 1 {
		return false
	}
	token, err := httpauth.BearerToken(fields[0])
	if err != nil {
		return false
	}
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.config.AdminToken))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func loopbackPeer(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	// Browsers lead no name that ends in localhost elsewhere, with a dot or without
	// (RFC 6761 section 6.3).
	return loopback.Only(strings.TrimSuffix(name, "."))
}

// otherOrigin tells whether a browser sends r for a page that the mock did not
// serve. Another port of this machine is another origin, though the same site.
func otherOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return !strings.EqualFold(origin, scheme+r.Host)
}
