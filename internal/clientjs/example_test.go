package clientjs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/clientjs"
)

func Example() {
	s, err := clientjs.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/client.js", http.NoBody))
	fmt.Println(s.Owns("client.js"), w.Code, w.Header().Get("Content-Type"))
	// Output: true 200 text/javascript; charset=utf-8
}
