package explain_test

import (
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/explain"
)

func Example() {
	r := explain.Authorization("Bearer Bearer eyJhbGciOi", time.Unix(0, 0), false)
	fmt.Print(r.Text(explain.Style{}))
	// Output:
	// error  The scheme stands there twice  scheme-repeated
	//    Bearer Bearer **********
	//           ^
	//    Two parts of the client both put the scheme in front.
	//    hint: write the scheme once
	//    RFC 9110 section 11.4
	//
	// not valid: 1 error
	//
	// A gate refuses it: authorization-malformed  401
	//    Offset 13: a space inside the token (RFC 6750 section 2.1).
	//    Send one Authorization header with a scheme, one space and the credentials,
	//    and nothing else.
	//    More: `gate401 explain authorization-malformed`
}
