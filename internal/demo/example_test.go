package demo_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/demo"
)

// The application believes the identity that the gate writes.
func Example() {
	shop := &demo.Orders{Owners: []string{"alice"}}
	rec := httptest.NewRecorder()
	shop.ServeHTTP(rec, httptest.NewRequest("GET", "/public/health", nil))
	fmt.Print(rec.Code, " ", rec.Body)
	// Output: 200 {"status":"ok"}
}

// Each row says what it is about, and what a gate must answer.
func ExampleRows() {
	for _, row := range demo.Rows() {
		if row.ID == "password-wrong" {
			fmt.Println(row.Title, row.Want, row.Reason, row.Shown())
		}
	}
	// Output: A wrong password 401 password-wrong credentials-invalid
}
