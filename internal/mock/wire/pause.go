package wire

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

// Pause waits, and tells whether the client is still there after d.
//
// It reads what the request carries first, and leaves it to be read again:
// net/http watches a connection for its end only while there is nothing left to
// read. Who was told to wait with the body (RFC 9110 section 10.1.1) goes on
// waiting.
func Pause(w http.ResponseWriter, r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	if r.Body != nil && r.Body != http.NoBody && !strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		keep(w, r)
	}
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// keep reads the body ahead; what is more than maxRead stays where it is.
func keep(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	bounded := c.SetReadDeadline(time.Now().Add(readTime)) == nil
	ahead, err := io.ReadAll(io.LimitReader(r.Body, maxRead))
	if bounded {
		_ = c.SetReadDeadline(time.Time{})
	}
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failed{err}
	}
	r.Body = body{io.MultiReader(bytes.NewReader(ahead), rest), r.Body}
}

// body reads what was read ahead, and then the rest.
type body struct {
	io.Reader
	io.Closer
}

// failed says again why a body could not be read.
type failed struct{ error }

func (f failed) Read([]byte) (int, error) { return 0, f.error }
