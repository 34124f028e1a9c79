package upstream_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/upstream"
)

// What is idle is closed here before servers do so that close after five seconds:
// they would, at times, just as a request is on its way that cannot be repeated.
func TestIdleIsClosedHereFirst(t *testing.T) {
	for scheme, want := range map[string]bool{"http": true, "https": false, "h2c": false} {
		tr := upstream.NewTransport(&url.URL{Scheme: scheme, Host: "127.0.0.1:1"}, 0)
		if got := tr.IdleConnTimeout < 5*time.Second; got != want || tr.IdleConnTimeout <= 0 {
			t.Errorf("%s: %s", scheme, tr.IdleConnTimeout)
		}
	}
}
