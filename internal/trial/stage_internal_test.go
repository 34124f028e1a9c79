package trial

import (
	"net/http"
	"sync"
	"testing"
)

// Whoever still asks while a stage is closed gets into the journal before, or not
// at all.
func TestNothingAfterClose(t *testing.T) {
	for range 20 {
		s, err := newStage(false)
		if err != nil {
			t.Fatal(err)
		}
		var clients sync.WaitGroup
		started := make(chan struct{}, 8)
		for range cap(started) {
			clients.Go(func() {
				tr := &http.Transport{DisableKeepAlives: true}
				for i := 0; ; i++ {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/status/200", http.NoBody)
					if err != nil {
						t.Error(err)
						return
					}
					resp, err := tr.RoundTrip(r)
					if i == 0 {
						started <- struct{}{}
					}
					if err != nil {
						return
					}
					_ = resp.Body.Close()
				}
			})
		}
		for range cap(started) {
			<-started
		}
		s.close()
		n := len(s.mock.Entries(""))
		if clients.Wait(); n == 0 || len(s.mock.Entries("")) != n {
			t.Fatalf("%d entries when it was closed, %d when the clients had ended", n, len(s.mock.Entries("")))
		}
		if s.under.begin() {
			t.Fatal("a request began after the end")
		}
	}
}
