package httpbin

import (
	"net/http"
	"sync"
	"time"
)

// Handler answers the endpoints of httpbin. Its fields are set before the first
// request. The zero value answers like go-httpbin. Safe for concurrent use.
type Handler struct {
	// Strict gives answers that follow the RFCs instead of go-httpbin's.
	Strict bool
	// MaxDelay bounds /delay; 0 means ten seconds, as in go-httpbin.
	MaxDelay time.Duration
	// MaxBody bounds what is read of a request; 0 means 1 MiB, as in go-httpbin.
	MaxBody int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	once   sync.Once
	mux    *http.ServeMux
	digest digests
}

// realm is that of the strict answers; fakeRealm and digestRealm those of
// go-httpbin.
const (
	realm       = "mock"
	fakeRealm   = "Fake Realm"
	digestRealm = "go-httpbin"
)

func (h *Handler) prepare() {
	if h.MaxDelay == 0 {
		h.MaxDelay = 10 * time.Second
	}
	if h.MaxBody == 0 {
		h.MaxBody = 1 << 20
	}
	if h.Now == nil {
		h.Now = time.Now
	}
	h.mux = http.NewServeMux()
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /get":       h.get,
		"DELETE /delete": h.echo,
		"PATCH /patch":   h.echo,
		"POST /post":     h.echo,
		"PUT /put":       h.echo,
		"/anything":      h.anything,
		"/anything/":     h.anything,
		"/headers":       h.headers,
		"/ip":            h.ip,
		"/user-agent":    h.userAgent,

		"/status/{code}":         h.status,
		"/unstable":              h.unstable,
		"/delay/{duration}":      h.delay,
		"/response-headers":      h.responseHeaders,
		"/redirect-to":           h.redirectTo,
		"/redirect/{n}":          h.redirect,
		"/relative-redirect/{n}": h.relativeRedirect,
		"/absolute-redirect/{n}": h.absoluteRedirect,

		"/cookies":        h.cookies,
		"/cookies/set":    h.setCookies,
		"/cookies/delete": h.deleteCookies,

		"/basic-auth/{user}/{password}":                                  h.basic,
		"/hidden-basic-auth/{user}/{password}":                           h.hiddenBasic,
		"/bearer":                                                        h.bearer,
		"/bearer/{token}":                                                h.bearerToken,
		"/digest-auth/{qop}/{user}/{password}":                           h.digestAuth,
		"/digest-auth/{qop}/{user}/{password}/{algorithm}":               h.digestAuth,
		"/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale_after}": h.digestAuth,
	} {
		h.mux.HandleFunc(pattern, serve)
	}
}

// Serves tells whether the path of r is one of the endpoints, for any method.
func (h *Handler) Serves(r *http.Request) bool {
	h.once.Do(h.prepare)
	if _, pattern := h.mux.Handler(r); pattern != "" {
		return true
	}
	switch r.URL.Path {
	case "/get", "/delete", "/patch", "/post", "/put":
		return true // another method: 405
	}
	return false
}

// ServeHTTP answers r.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(h.prepare)
	if h.shared(w, r) {
		w.WriteHeader(http.StatusOK)
		return
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, h.MaxBody)
	}
	h.mux.ServeHTTP(w, r)
}

// shared writes the CORS fields, and tells whether r only asked for them.
func (h *Handler) shared(w http.ResponseWriter, r *http.Request) (preflight bool) {
	f := w.Header()
	origin := r.Header.Get("Origin")
	preflight = r.Method == http.MethodOptions
	if h.Strict {
		// Who is no page of another origin is told nothing, and an OPTIONS that
		// is no preflight is a request like any other (Fetch, "CORS protocol").
		f.Add("Vary", "Origin")
		preflight = preflight && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
		if origin == "" {
			return preflight
		}
		f.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
	} else if origin == "" {
		origin = "*"
	}
	f.Set("Access-Control-Allow-Origin", origin)
	f.Set("Access-Control-Allow-Credentials", "true")
	if preflight {
		f.Set("Access-Control-Allow-Methods", "GET, POST, HEAD, PUT, DELETE, PATCH, QUERY, OPTIONS")
		f.Set("Access-Control-Max-Age", "3600")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			f.Set("Access-Control-Allow-Headers", asked)
		}
	}
	return preflight
}
