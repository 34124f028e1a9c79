package browsertest_test

import (
	"fmt"
	"testing"

	"github.com/gate401/gate401/web/browsertest"
)

func Example() {
	// In a test:
	_ = func(t *testing.T) {
		tab := browsertest.Start(t).Tab(t)
		tab.Open("about:blank")
		tab.Look("nothing")
	}
	fmt.Println(browsertest.Quoted(`a "quote"`))
	// Output: "a \"quote\""
}
