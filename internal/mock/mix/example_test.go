package mix_test

import (
	"errors"
	"fmt"

	"github.com/gate401/gate401/internal/mock/mix"
)

func ExampleParse() {
	a, err := mix.Parse("s=401/ch=expired/d=500ms", 0)
	fmt.Println(a.Status, a.Delay, a.Header[0].Value, err)

	_, err = mix.Parse("s=401/chalenge=basic", 0)
	var wrong *mix.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong, "-", wrong.Hint)
	}
	// Output:
	// 401 500ms Bearer realm="mock", error="invalid_token", error_description="The access token expired" <nil>
	// offset 6: there is no such key - did you mean challenge?
}
