package access_test

import (
	"fmt"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
)

func Example() {
	methods := func([]string) ([]gate401.Authenticator, error) {
		return []gate401.Authenticator{gate401.NewFunc("test", "Bearer", "orders", nil)}, nil
	}
	policy, err := access.Compile([]access.Rule{
		{Path: "/health", Anyone: true},
		{Path: "/users/{user}/**", Owner: "{user}"},
		{Path: "/orders/**", Verbs: []string{"GET"}, Scopes: []string{"orders:read"}},
	}, access.Rule{}, methods)
	if err != nil {
		fmt.Println(err)
		return
	}
	gate := &gate401.Gate{Policy: policy.Requirement}
	_ = gate

	q := policy.Requirement(&gate401.Request{Method: "GET", Path: "/users/ada/orders"})
	fmt.Println(q.Rule, "belongs to", q.Owner)
	for _, w := range policy.Lint() {
		fmt.Println(w.Message)
	}
	// Output:
	// /users/{user}/** belongs to ada
	// POST, PUT, PATCH, DELETE /orders/** goes to "default", which asks less
}
