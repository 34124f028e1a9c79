package endpoint_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/endpoint"
)

func Example() {
	set := &endpoint.Set{}
	defined, err := endpoint.Decode("mock.yaml", []byte(`
endpoints:
  - {path: /orders, method: GET, answer: "401,401,200"}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := set.Add(defined...); err != nil {
		fmt.Println(err)
		return
	}
	h := set.Handler(http.NotFoundHandler())
	for range 4 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders", nil))
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 401 "Bearer realm=\"mock\""
	// 401 "Bearer realm=\"mock\""
	// 200 ""
	// 200 ""
}

func ExampleDecode() {
	_, err := endpoint.Decode("mock.yaml", []byte("endpoints:\n  - {path: orders, answer: 40l}\n"))
	var errs endpoint.Errors
	if errors.As(err, &errs) {
		fmt.Print(errs.Detail())
	}
	// Output:
	// mock.yaml:2:12: endpoints[0].path: the path does not begin with a slash
	//   hint: write "/orders"
	// mock.yaml:2:28: endpoints[0].answer: answer "40l" is neither a status nor anything else that is known
	//   hint: did you mean 401? There is a letter among the digits
}
