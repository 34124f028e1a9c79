package httpbin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (h *Handler) cookies(w http.ResponseWriter, r *http.Request) {
	all := map[string]string{}
	for _, c := range r.Cookies() {
		all[c.Name] = c.Value
	}
	writeJSON(w, http.StatusOK, map[string]map[string]string{"cookies": all})
}

func (h *Handler) setCookies(w http.ResponseWriter, r *http.Request) {
	for _, c := range cookiesOf(r) {
		http.SetCookie(w, &c)
	}
	leadTo(w, "/cookies", http.StatusFound)
}

func (h *Handler) deleteCookies(w http.ResponseWriter, r *http.Request) {
	for _, c := range cookiesOf(r) { //nolint:gosec // the query says what they are to be like
		c.MaxAge, c.Expires = -1, h.Now().Add(-365*24*time.Hour)
		http.SetCookie(w, &c)
	}
	leadTo(w, "/cookies", http.StatusFound)
}

// attribute is the name in "attr[Name]".
func attribute(key string) (string, bool) {
	if name, ok := strings.CutPrefix(key, "attr["); ok && strings.HasSuffix(name, "]") {
		return strings.ToLower(strings.TrimSuffix(name, "]")), true
	}
	return "", false
}

// cookiesOf are the cookies that the query names, by name.
func cookiesOf(r *http.Request) []http.Cookie {
	query := r.URL.Query()
	shape := cookieShape(query, externalURL(r).Scheme == "https")
	var all []http.Cookie
	for name := range query {
		if _, is := attribute(name); is {
			continue
		}
		c := shape //nolint:gosec // the query says what it is to be like
		c.Name, c.Value = name, query.Get(name)
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b http.Cookie) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func cookieShape(query url.Values, secure bool) http.Cookie {
	c := http.Cookie{HttpOnly: true, Path: "/", Secure: secure} //nolint:gosec // as go-httpbin makes them
	for key, values := range query {
		name, is := attribute(key)
		if !is || len(values) == 0 {
			continue
		}
		v := values[0]
		yes := v == "1" || strings.EqualFold(v, "true")
		switch name {
		case "domain":
			c.Domain = v
		case "path":
			c.Path = v
		case "httponly":
			c.HttpOnly = yes
		case "secure":
			c.Secure = yes
		case "samesite":
			switch strings.ToLower(v) {
			case "strict":
				c.SameSite = http.SameSiteStrictMode
			case "lax":
				c.SameSite = http.SameSiteLaxMode
			case "none":
				c.SameSite = http.SameSiteNoneMode
			}
		}
	}
	return c
}
