package gate401

import (
	"net/http"
	"strconv"
	"strings"
)

// shape is who reads the answer.
type shape int

const (
	shapeJSON shape = iota
	shapePage
	shapeGraphQL
)

// shapeOf tells a browser navigation and a GraphQL client from everything else.
// A fetch() never gets a page: its code cannot read one.
func shapeOf(r *Request) shape {
	accept := r.Field("Accept")
	if navigation(r, accept) {
		return shapePage
	}
	if strings.HasSuffix(r.Path, "/graphql") || graphqlType(accept) || graphqlType(r.Field("Content-Type")) {
		return shapeGraphQL
	}
	return shapeJSON
}

// PrefersPage tells whether the sender of r can read a page rather than anything
// else: a browser that opens one, by a form too, or a program without the Fetch
// Metadata fields that prefers HTML, whatever its method.
func (r *Request) PrefersPage() bool {
	accept := r.Header["Accept"]
	if len(r.Header["Sec-Fetch-Mode"]) > 0 {
		return navigation(r, accept)
	}
	return len(accept) > 0 && prefersHTML(accept)
}

// navigation follows the Fetch Metadata fields where the browser sends them; a
// prefetch is no navigation, since nobody looks at it. Without them it is GET
// or HEAD that prefers HTML.
func navigation(r *Request, accept []string) bool {
	if mode := r.Field("Sec-Fetch-Mode"); len(mode) > 0 {
		dest := r.Field("Sec-Fetch-Dest")
		return mode[0] == "navigate" && len(dest) > 0 && dest[0] == "document" &&
			!strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
	}
	if len(accept) == 0 || accept[0] == "*/*" && len(accept) == 1 || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return false
	}
	return prefersHTML(accept)
}

// prefersHTML tells whether text/html is named and weighs at least as much as
// any JSON type that is named (RFC 9110 section 12.5.1). "*/*" names neither.
func prefersHTML(accept []string) bool {
	html, json := -1.0, -1.0
	for _, field := range accept {
		for element := range strings.SplitSeq(field, ",") {
			media, params, _ := strings.Cut(element, ";")
			media = strings.ToLower(strings.TrimSpace(media))
			switch {
			case media == "text/html" || media == "application/xhtml+xml":
				html = max(html, weight(params))
			case media == "application/json" || strings.HasSuffix(media, "+json"):
				json = max(json, weight(params))
			}
		}
	}
	return html > 0 && html >= json
}

// weight reads the q parameter; one that cannot be read counts as absent.
func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
				return q
			}
		}
	}
	return 1
}

// graphqlType tells whether a media type of GraphQL over HTTP is named.
func graphqlType(fields []string) bool {
	for _, f := range fields {
		if strings.Contains(f, "application/graphql") {
			return true
		}
	}
	return false
}
