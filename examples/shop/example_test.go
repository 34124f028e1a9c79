package shop_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gate401/gate401/examples/shop"
)

func Example() {
	s, err := shop.Open(io.Discard)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	token, err := s.Token("alice", time.Minute, "orders:read")
	if err != nil {
		fmt.Println(err)
		return
	}
	orders := s.Gate.Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "one order") }))
	for _, proof := range []string{"", "Bearer " + token} {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		if proof != "" {
			r.Header.Set("Authorization", proof)
		}
		w := httptest.NewRecorder()
		orders.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 401
	// 200
}
