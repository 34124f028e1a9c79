package httpbin

import (
	"html"
	"mime"
	"net/http"
	"net/url"
)

// responseHeaders sets every parameter of the query as a field.
func (h *Handler) responseHeaders(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	kind := query.Get("Content-Type")
	if kind == "" {
		kind = jsonType
		query.Set("Content-Type", kind)
	}
	for name, values := range query {
		if framing(name) {
			continue
		}
		for _, v := range values {
			w.Header().Add(name, v)
		}
	}
	if runnable(kind) {
		escaped := url.Values{}
		for name, values := range query {
			for _, v := range values {
				escaped.Add(html.EscapeString(name), html.EscapeString(v))
			}
		}
		query = escaped
	}
	encode(w, query)
}

// framing tells whether a field says where the message ends: whoever sets that
// falsely breaks the connection and tests nothing.
func framing(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Upgrade":
		return true
	}
	return false
}

// runnable tells whether a browser could run what it is sent under this type.
func runnable(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err != nil || (kind != "text/plain" && kind != "application/json" && kind != "application/octet-string")
}
