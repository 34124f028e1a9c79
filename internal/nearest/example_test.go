package nearest_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/nearest"
)

func Example() {
	fmt.Println(nearest.Edits("explian", "explain"), nearest.Slips("explian", "explain"))
	// Output: 2 1
}
