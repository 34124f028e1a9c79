package mock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/gate401/gate401/mock"
)

// BenchmarkSessions holds ten thousand sessions, each with a login, a token that
// was used and one that was refused, and says how much memory they take with the
// journal of it all.
func BenchmarkSessions(b *testing.B) {
	const sessions = 10_000
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := mock.NewServer(mock.Config{})
		if err != nil {
			b.Fatal(err)
		}
		for i := range sessions {
			session := fmt.Sprintf("token-life-refused-once--%d", i)
			got := login(b, s, session)
			if orders(s, session, got.Access) != http.StatusUnauthorized || orders(s, session, got.Access) != http.StatusOK {
				b.Fatal("the scenario is not played")
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		runtime.KeepAlive(s)
		_ = s.Close()
	}
}

// BenchmarkStart is a server from nothing to its first answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := mock.NewServer(mock.Config{})
		if err != nil {
			b.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/scenario/token-expired/", nil))
		if w.Code != http.StatusUnauthorized {
			b.Fatal(w.Code)
		}
		_ = s.Close()
	}
}
