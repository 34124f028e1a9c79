package diagnose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
)

// A URL of megabytes is told by its beginning and its length.
func TestLongURL(t *testing.T) {
	long := strings.Repeat("b", 1<<20)
	for _, tt := range []struct{ name, args, url string }{
		{"path", "", "https://a.example/" + long},
		{"query", "", "https://a.example/?q=" + long},
		{"octets of several", "", "https://a.example/?q=" + strings.Repeat("ü", 1<<19)},
		{"Basic", "-H 'Authorization: Basic ???' ", "https://a.example/" + long},
		{"Digest for another path", `-H 'Authorization: Digest username="u", realm="r", nonce="n", uri="/x", response="0123456789abcdef0123456789abcdef"' `, "https://a.example/?x=" + long},
		{"a cookie", "-H 'Cookie: sid=1' ", "https://a.example/" + long},
		{"a key in the query", "", "https://a.example/?api_key=k-0123456789&q=" + long},
		{"host", "", "https://" + long + ".example/"},
	} {
		for _, status := range []int{0, 401, 403, 405, 421} {
			c, err := capture.Curl("curl " + tt.args + "'" + tt.url + "'")
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if status > 0 {
				c.Exchanges[0].Response = &capture.Response{Status: status, Header: capture.Header{{Name: "WWW-Authenticate", Value: `Digest realm="r", nonce="n"`}}}
			}
			r := diagnose.Run(c, diagnose.Options{})
			out, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if len(out) > 32<<10 || !strings.Contains(r.Subject.URL, "octets in all)") {
				t.Errorf("%s, %d: a report of %d octets: %.400s", tt.name, status, len(out), out)
			}
			if r.Fix != nil && len(r.Fix.Command) > 8000 {
				t.Errorf("%s, %d: a command of %d octets", tt.name, status, len(r.Fix.Command))
			}
		}
	}
}
