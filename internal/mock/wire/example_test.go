package wire_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/wire"
)

func Example() {
	w := httptest.NewRecorder()
	wire.ProblemWith(w, 404, "There is no session <a>.", "errors", []string{"id: a"})
	fmt.Println(w.Code, w.Header())
	fmt.Print(w.Body)
	// Output:
	// 404 map[Cache-Control:[no-store] Content-Type:[application/problem+json] X-Content-Type-Options:[nosniff]]
	// {
	//   "detail": "There is no session <a>.",
	//   "errors": [
	//     "id: a"
	//   ],
	//   "status": 404,
	//   "title": "Not Found",
	//   "type": "about:blank"
	// }
}
