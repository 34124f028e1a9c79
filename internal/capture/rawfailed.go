package capture

import (
	"net"
	"net/url"
	"strings"
)

// failedConnection reads what curl says where it never got to send anything:
// whom it could not reach, and why. Whether it was http or https it does not say.
func failedConnection(text string) (Exchange, bool) {
	var host, port, why string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if i := strings.LastIndex(line, "* "); i >= 0 {
			line = strings.TrimSpace(line[i+2:]) // the progress meter may stand before it
		} else if rest, ok := strings.CutPrefix(line, "curl: ("); ok {
			if _, rest, ok = strings.Cut(rest, ") "); ok {
				line = rest
			}
		} else {
			continue
		}
		low := strings.ToLower(line)
		switch {
		case strings.HasPrefix(line, "Could not resolve host: "):
			host, why = strings.TrimPrefix(line, "Could not resolve host: "), line
		case strings.HasPrefix(line, "Failed to connect to "), strings.HasPrefix(low, "connect to "):
			words := strings.Fields(line)
			for i, w := range words {
				if w == "to" && i+3 < len(words) && words[i+2] == "port" {
					host, port = words[i+1], strings.Trim(words[i+3], ":;,")
				}
			}
			if why == "" || strings.Contains(low, "refused") || strings.Contains(low, "timed out") {
				why = line
			}
		case strings.HasPrefix(line, "SSL certificate problem"), strings.Contains(low, "timed out"), strings.HasPrefix(line, "Empty reply"):
			why = line
		}
	}
	if host == "" || why == "" || strings.ContainsAny(host, " /?#@") {
		return Exchange{}, false
	}
	u := &url.URL{Scheme: "http", Host: host}
	if port == "443" {
		u.Scheme = "https"
	} else if port != "" && port != "80" {
		u.Host = net.JoinHostPort(host, port)
	}
	return Exchange{
		Request:  Request{Method: "GET", URL: u, Incomplete: true},
		Response: &Response{},
		Notes:    []Note{{NoteError, "curl", clean(why)}},
	}, true
}
