package journal_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/mock/journal"
)

// What is exported is what explain reads: the same request, the same answer, the
// same times.
func TestHARRoundTrip(t *testing.T) {
	want := entry()
	want.Header.Set("X-Octets", "caf\u00e9")
	cut := journal.Entry{Method: "GET", Host: "localhost", Target: "/", Fault: "reset", Time: want.Time, TLS: true, Proto: "HTTP/2.0"}
	b, err := journal.HAR([]journal.Entry{want, cut}, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := capture.HAR(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Exchanges) != 2 {
		t.Fatalf("%d exchanges", len(c.Exchanges))
	}
	got := c.Exchanges[0]
	if got.Request.Method != want.Method || got.Request.URL.String() != "http://"+want.Host+want.Target || string(got.Request.Body) != string(want.Body) ||
		got.Request.Incomplete || !got.Started.Equal(want.Time) || got.Took != want.Took {
		t.Errorf("%+v", got)
	}
	same(t, want.Header, got.Request.Header)
	if got.Response == nil {
		t.Fatal("there is no response")
	}
	if got.Response.Status != want.Status || string(got.Response.Body) != string(want.ResponseBody) {
		t.Errorf("%+v", got.Response)
	}
	same(t, want.ResponseHeader, got.Response.Header)
	// Of a connection that was cut there is no answer, and a note says so.
	last := c.Exchanges[1]
	if last.Request.URL.String() != "https://localhost/" || last.Response != nil && last.Response.Status != 0 ||
		!slices.ContainsFunc(last.Notes, func(n capture.Note) bool { return n.Kind == capture.NoteError }) {
		t.Errorf("%+v", last)
	}

	// Redacted it can still be read, and says where things were.
	if b, err = journal.HAR([]journal.Entry{want}, true); err != nil {
		t.Fatal(err)
	}
	if c, err = capture.HAR(b); err != nil || len(c.Exchanges) != 1 || c.Exchanges[0].Took != 1500*time.Microsecond {
		t.Errorf("%+v, %v", c, err)
	}
}

// same compares fields without the order of their names, which nobody kept.
func same(t *testing.T, want http.Header, got capture.Header) {
	t.Helper()
	seen := http.Header{}
	for _, f := range got {
		if f.Name == "Host" {
			continue
		}
		seen[http.CanonicalHeaderKey(f.Name)] = append(seen[http.CanonicalHeaderKey(f.Name)], f.Value)
	}
	for name, values := range want {
		if !slices.Equal(seen[name], values) {
			t.Errorf("%s: %q, want %q", name, seen[name], values)
		}
	}
	if len(seen) != len(want) {
		t.Errorf("%v, want %v", seen, want)
	}
}
