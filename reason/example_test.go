package reason_test

import (
	"fmt"

	"github.com/gate401/gate401/reason"
)

// The operator learns the cause, the caller only what is safe.
func Example() {
	code := reason.PasswordWrong
	fmt.Println("log:   ", code, "-", code.Info().Title)
	fmt.Println("caller:", code.Shown().Code, "-", code.Shown().Title)
	fmt.Println("retry: ", code.Shown().Retry, "-", code.Shown().Retry.Info().Title)
	// Output:
	// log:    password-wrong - The password is wrong
	// caller: credentials-invalid - The name or the password is not right
	// retry:  reauthenticate - Get new proof
}

// A refusal that nobody can name still refuses, as "could not be checked".
func ExampleCode_Info_unknown() {
	info := reason.Code("misspelt-code").Info()
	fmt.Println(info.Status, info.Code)
	// Output: 503 check-failed
}

func ExampleLookup() {
	info, ok := reason.Lookup("token-expired")
	fmt.Println(ok, info.Status, info.Error)
	fmt.Println(info.Detail)
	// Output:
	// true 401 invalid_token
	// Get a new access token with the refresh token and send the request again.
}
