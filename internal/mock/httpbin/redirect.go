package httpbin

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func leadTo(w http.ResponseWriter, location string, status int) {
	w.Header().Set("Location", location)
	w.WriteHeader(status)
}

func (h *Handler) redirectTo(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	raw := query.Get("url")
	if raw == "" {
		refuse(w, http.StatusBadRequest, "missing required query parameter: url")
		return
	}
	to, err := url.Parse(raw)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid url: "+err.Error())
		return
	}
	if !to.IsAbs() && !strings.HasPrefix(to.Path, "/") {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	status := http.StatusFound
	if code := query.Get("status_code"); code != "" {
		if status, err = statusCode(code, 300); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	leadTo(w, to.String(), status)
}

func (h *Handler) redirect(w http.ResponseWriter, r *http.Request) {
	h.redirects(w, r, !strings.EqualFold(r.URL.Query().Get("absolute"), "true"))
}

func (h *Handler) relativeRedirect(w http.ResponseWriter, r *http.Request) { h.redirects(w, r, true) }

func (h *Handler) absoluteRedirect(w http.ResponseWriter, r *http.Request) { h.redirects(w, r, false) }

// redirects leads to the same endpoint with one less to go, and to /get at last.
func (h *Handler) redirects(w http.ResponseWriter, r *http.Request, relative bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "invalid redirect count: "+err.Error())
		return
	case n < 1:
		refuse(w, http.StatusBadRequest, "redirect count must be > 0")
		return
	}
	to := "/get"
	if n > 1 {
		to = "/absolute-redirect/" + strconv.Itoa(n-1)
		if relative {
			to = "/relative-redirect/" + strconv.Itoa(n-1)
		}
	}
	if !relative {
		u := externalURL(r)
		u.Path, u.RawPath, u.RawQuery = to, "", ""
		to = u.String()
	}
	leadTo(w, to, http.StatusFound)
}
