package proxy_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What pretends to be the gate's does not get through at the end of an answer
// either, announced or not, nor in an informational one before it.
func TestOwnFieldsLate(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Gate401-Reason", "token-expired")
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Gate401-Reason")
		w.Header().Set("Trailer", "X-Sum, Gate401-Refused-By")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set("Gate401-Refused-By", "gate")
		w.Header().Set(http.TrailerPrefix+"Gate401-Late", "gate")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	}, nil)
	c := s.dial()
	fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n")
	var all strings.Builder
	for lines := bufio.NewScanner(c); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
	}
	text := all.String()
	if !strings.Contains(text, "X-Sum: 42") || !strings.Contains(text, "X-Late: 43") || !strings.HasPrefix(text, "HTTP/1.1 103") {
		t.Errorf("incomplete:\n%s", text)
	}
	if strings.Contains(strings.ToLower(text), "gate401-") {
		t.Errorf("a field of ours came from the upstream:\n%s", text)
	}
}
