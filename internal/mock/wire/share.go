package wire

import "net/http"

// Preflight tells whether a browser asks whether a page of another origin may ask
// (Fetch, "CORS-preflight request").
func Preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// Share lets pages of other origins read the answer (Fetch, "CORS protocol"), and
// tells a preflight that they may ask.
func Share(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	f := w.Header()
	f.Add("Vary", "Origin")
	if origin == "" {
		return
	}
	f.Set("Access-Control-Allow-Origin", origin)
	f.Set("Access-Control-Allow-Credentials", "true")
	f.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, DPoP-Nonce, X-Request-Id, Preference-Applied")
	if Preflight(r) {
		f.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			f.Set("Access-Control-Allow-Headers", asked)
		}
		f.Set("Access-Control-Max-Age", "60")
	}
}

// Permit answers a preflight: the page may ask whatever it asked for.
func Permit(w http.ResponseWriter, r *http.Request) {
	Share(w, r)
	w.WriteHeader(http.StatusNoContent)
}
