package diagnose_test

import (
	"fmt"
	"net/url"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
)

func Example() {
	c := capture.Capture{Exchanges: []capture.Exchange{{
		Request: capture.Request{
			Method: "GET", URL: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/orders"},
			Header: capture.Header{{Name: "Authorization", Value: "Bearer undefined"}},
		},
		Response: &capture.Response{Status: 401, Header: capture.Header{{Name: "WWW-Authenticate", Value: `Bearer realm="orders"`}}},
	}}}
	r := diagnose.Run(c, diagnose.Options{})
	fmt.Println(r.Cause.Rule, r.Cause.Code, r.Cause.Certainty, r.Cause.Fault)
	fmt.Println(r.Fix.Command)
	// Output:
	// script-value-sent authorization-malformed certain client
	// curl -i -H "Authorization: Bearer $TOKEN" https://api.example.com/orders
}

func ExampleRules() {
	for _, rule := range diagnose.Rules()[:2] {
		fmt.Println(rule.ID, rule.Fault)
	}
	// Output:
	// typographic-character client
	// command-misread client
}
