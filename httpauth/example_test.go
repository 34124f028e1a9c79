package httpauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// What a server sends, and what a client reads from it.
func Example() {
	field := httpauth.Bearer("orders", httpauth.Param{Name: "error", Value: "invalid_token"}).String()
	fmt.Println(field)

	r := httpauth.ParseChallenges([]string{field, `Basic realm="orders"`}, httpauth.Lenient)
	for _, c := range r.Challenges {
		realm, _ := c.Param("realm")
		fmt.Println(c.Scheme, realm)
	}
	// Output:
	// Bearer realm="orders", error="invalid_token"
	// Bearer orders
	// Basic orders
}

// A report with a caret below the guilty octet.
func ExampleParseChallenges() {
	field := `Bearer realm=foo bar`
	for _, f := range httpauth.ParseChallenges([]string{field}, httpauth.Strict).Findings {
		fmt.Printf("%s\n%s^ %s: %s (%s)\n", field, strings.Repeat(" ", f.Offset), f.ID, f.Message, f.Section)
		fmt.Printf("write: %s\n", f.Hint)
	}
	// Output:
	// Bearer realm=foo bar
	//                  ^ value-with-space: a value with spaces is not quoted (RFC 9110 section 11.2)
	// write: realm="foo bar"
}

func ExampleResult_MarshalJSON() {
	out, _ := json.Marshal(httpauth.ParseChallenges([]string{`Negotiate YII=, Basic realm="x"`}, httpauth.Strict))
	fmt.Println(string(out))
	// Output:
	// {"challenges":[{"scheme":"Negotiate","token68":"YII="},{"scheme":"Basic","params":[["realm","x"]]}],"findings":[],"valid":true}
}

func ExampleExamineAuthorization() {
	for _, f := range httpauth.ExamineAuthorization("BearereyJhbGciOiJub25lIn0.e30.c2ln").Findings {
		fmt.Printf("offset %d: %s; %s\n", f.Offset, f.Message, f.Hint)
	}
	// Output:
	// offset 6: no space behind the scheme; put one space behind Bearer
}

func ExampleParseBasic() {
	user, password, err := httpauth.ParseBasic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
	fmt.Println(user, password, err)

	_, _, err = httpauth.ParseBasic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ")
	var bad *httpauth.BasicError
	if errors.As(err, &bad) {
		fmt.Println(bad.Kind, bad.Offset)
	}
	// Output:
	// Aladdin open sesame <nil>
	// basic-padding 32
}

func ExampleBearerToken() {
	token, err := httpauth.BearerToken("Bearer mF_9.B5f-4.1JqM")
	fmt.Println(token, err)
	_, err = httpauth.BearerToken("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
	fmt.Println(errors.Is(err, httpauth.ErrOtherScheme))
	// Output:
	// mF_9.B5f-4.1JqM <nil>
	// true
}

// A realm put together by hand is how one header becomes two.
func Example_incorrect() {
	realm := "x\r\nSet-Cookie: a=b"
	fmt.Printf("%q\n", `Basic realm="`+realm+`"`) // wrong
	fmt.Printf("%q\n", httpauth.Basic(realm).String())
	// Output:
	// "Basic realm=\"x\r\nSet-Cookie: a=b\""
	// "Basic realm=\"x  Set-Cookie: a=b\", charset=\"UTF-8\""
}
