package httpbin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/httpbin"
)

func Example() {
	h := &httpbin.Handler{Strict: true}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/status/401", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Basic realm="mock", charset="UTF-8"
}
