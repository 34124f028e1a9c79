package page_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/page"
)

func Example() {
	p := &page.Page{Groups: []page.Group{{ID: "reason", Title: "Refusals", Scenarios: []page.Scenario{
		{Name: "token-expired", Title: "The access token expired", Path: "/scenario/token-expired/"},
	}}}}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", page.Path, nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
