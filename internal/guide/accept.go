package guide

import (
	"mime"
	"strconv"
	"strings"
)

// wantsJSON tells whether Accept names JSON and not HTML with the same or a
// greater weight (RFC 9110 section 12.5.1). Wildcards name neither: whoever
// does not say gets the page.
func wantsJSON(accept []string) bool {
	html, json := 0.0, 0.0
	for _, field := range accept {
		for element := range strings.SplitSeq(field, ",") {
			media, params, err := mime.ParseMediaType(element)
			if err != nil {
				continue
			}
			q := 1.0
			if s, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0 && q <= 1) {
					continue
				}
			}
			switch {
			case media == "text/html" || media == "application/xhtml+xml":
				html = max(html, q)
			case media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"):
				json = max(json, q)
			}
		}
	}
	return json > html
}
