package gate401_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401"
)

// progress tells how much of a body was read when the answer began.
type progress struct {
	io.Reader
	read, before int
	http.ResponseWriter
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.read += n
	return n, err
}

func (p *progress) Close() error { return nil }

func (p *progress) WriteHeader(status int) {
	p.before = p.read
	p.ResponseWriter.WriteHeader(status)
}

// Over HTTP/2 a stream is reset behind an answer that came before the end of the
// request, and there are clients that then know of no answer. So a short body is
// let in first; one that is long, or may never end, is not waited for.
func TestShortBodyIsReadBeforeARefusal(t *testing.T) {
	const call = "application/grpc"
	for _, tt := range []struct {
		name          string
		major, length int
		media, expect string
		unknown       bool
		want          int
	}{
		{"HTTP/2", 2, 7, "text/plain", "", false, 7},
		{"gRPC", 2, 7, call, "", false, 7},
		{"64 KiB", 2, 64 << 10, "text/plain", "", false, 64 << 10},
		{"more", 2, 64<<10 + 1, "text/plain", "", false, 0},
		{"a call that goes on", 2, 7, call, "", true, 0},
		{"not asked for it", 2, 7, "text/plain", "100-continue", false, 0},
		{"HTTP/1.1, where net/http does it", 1, 7, "text/plain", "", false, 0},
		{"none", 2, 0, "text/plain", "", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			gate := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return gate401.Requirement{} }}
			p := &progress{Reader: strings.NewReader(strings.Repeat("x", tt.length)), ResponseWriter: httptest.NewRecorder()}
			r := httptest.NewRequest(http.MethodPost, "https://api.example/orders", p)
			r.ProtoMajor, r.ContentLength = tt.major, int64(tt.length)
			if tt.unknown {
				r.ContentLength = -1
			}
			r.Header.Set("Content-Type", tt.media)
			if tt.expect != "" {
				r.Header.Set("Expect", tt.expect)
			}
			gate.Protect(http.NotFoundHandler()).ServeHTTP(p, r)
			if p.before != tt.want {
				t.Errorf("%d octets of the body were read before the answer, want %d", p.before, tt.want)
			}
		})
	}
}
