package guide_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gate401/gate401/internal/guide"
)

func Example() {
	mux := http.NewServeMux()
	mux.Handle("/auth/problems/", &guide.Guide{Prefix: "/auth/problems/"})

	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/auth/problems/token-expired.json", nil))
	fmt.Println(rec.Code, rec.Header().Get("Content-Type"))
	fmt.Println(strings.Contains(rec.Body.String(), `"retry": "refresh"`))
	// Output:
	// 200 application/json
	// true
}
