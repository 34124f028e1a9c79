package cli

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/mock"
)

// What a terminal of 80 columns gets is no wider, unless it has to be copied.
func TestMockFitsTheTerminal(t *testing.T) {
	fits := func(what, text string) {
		t.Helper()
		for line := range strings.SplitSeq(text, "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: %d columns: %s", what, n, line)
			}
		}
	}
	a := &app{style: explain.Style{Width: 80}}
	list := a.scenarioTable(mock.Scenarios())
	fits("list", list)
	for _, want := range []string{"\nrefresh  /s/NAME--SESSION/\n", "\nkeys  /scenario/NAME/KEY/\n", "\nrefresh-rotates ", "\ntoken-expired "} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %q", want)
		}
	}
	fits("banner", mockBanner("http://127.0.0.1:8403", "", nil, explain.Style{}))
	banner := mockBanner("https://127.0.0.1:8403", "ca.pem", []mock.Described{{ID: "7", Name: "pets\x1b.yaml", Title: "Pets", Operations: 1, Try: []string{"curl -i -X POST https://127.0.0.1:8403/pets"}}}, explain.Style{})
	for _, want := range []string{"Pets (pets?.yaml, 1 operation)", "  curl --cacert ca.pem -i -X POST https://127.0.0.1:8403/pets\n", "  curl -s --cacert ca.pem https://127.0.0.1:8403/__mock/api/openapi/7\n"} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner has no %q:\n%s", want, banner)
		}
	}
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for _, e := range []mock.Entry{
		{Method: "GET", Target: "/" + strings.Repeat("long/", 50), Status: 404},
		{Method: "GET", Target: "/scenario/token-expired/" + strings.Repeat("x", 90), Status: 401, Scenario: "token-expired", Reason: "token-expired"},
		{Method: "GET", Target: "/s/my-own-test/api/orders?a=b", Session: "my-own-test", Status: 401, Reason: "token-malformed", Took: 250 * time.Microsecond},
	} {
		e.Time = began
		fits("line", mockLine(e, explain.Style{Width: 80}))
	}
}

func TestMockLine(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for _, tt := range []struct {
		name string
		in   mock.Entry
		want string
	}{
		{"plain", mock.Entry{Method: "GET", Target: "/status/401?secret=x", Status: 401, Took: 90 * time.Microsecond}, "03:04:05  401  GET /status/401                           <0.1ms"},
		{"the session is in the path", mock.Entry{Method: "POST", Target: "/s/test/token", Session: "test", Status: 400, Reason: "grant-invalid", Took: 1260 * time.Microsecond}, "03:04:05  400  POST /s/test/token                         1.3ms  grant-invalid"},
		{"the session is elsewhere", mock.Entry{Method: "GET", Target: "/orders", Session: "test", Status: 200, Took: 12 * time.Millisecond}, "03:04:05  200  GET /orders                                 12ms  session test"},
		{"no answer", mock.Entry{Method: "GET", Target: "/mix/f=close", Fault: "close", Took: 2 * time.Second}, "03:04:05  ---  GET /mix/f=close                            2.0s  fault close"},
		{"a terminal is not obeyed", mock.Entry{Method: "GET", Target: "/\x1b[31m", Status: 404, Took: 999600 * time.Microsecond}, "03:04:05  404  GET /?[31m                                  1.0s"},
	} {
		tt.in.Time = began
		if got := mockLine(tt.in, explain.Style{Width: 80}); got != tt.want+"\n" {
			t.Errorf("%s:\n%s want\n%s", tt.name, got, tt.want)
		}
	}
}
