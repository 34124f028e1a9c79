package journal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/journal"
)

func Example() {
	j := &journal.Journal{}
	h := j.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		journal.NoteOf(r.Context()).Session = "test"
		w.Header().Set("WWW-Authenticate", `Bearer realm="mock"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders?page=2", nil))
	for _, e := range j.Entries(journal.Filter{Session: "test"}) {
		fmt.Println(e.ID, e.Method, e.Target, e.Status, e.ResponseHeader.Get("WWW-Authenticate"))
	}
	// Output: 1 GET /orders?page=2 401 Bearer realm="mock"
}
