package identity_test

import (
	"fmt"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
)

func Example() {
	told, err := identity.Ready(map[string]identity.Field{"Remote-User": identity.FieldSubject, "Remote-Groups": identity.FieldGroups})
	if err != nil {
		fmt.Println(err)
	}
	d := gate401.Decision{Allow: true, Identity: &gate401.Identity{Subject: "José", Groups: []string{"a,b", "c"}}}
	for _, t := range told {
		fmt.Printf("%s: %s\n", t.Name, t.Value(&gate401.Request{}, &d))
	}
	// Output:
	// Remote-Groups: a%2Cb,c
	// Remote-User: Jos%C3%A9
}
