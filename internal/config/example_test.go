package config_test

import (
	"errors"
	"fmt"

	"github.com/gate401/gate401/internal/config"
)

func Example() {
	_, err := config.Load("gate401.yaml", []byte(`rules:
  - {path: "/users/{user}/**", owner: "{usr}"}
`))
	var faults config.Faults
	if errors.As(err, &faults) {
		fmt.Print(faults.Detail())
	}
	// Output:
	// gate401.yaml:2:39: rules[0].owner: "{usr}" is no capture of the path
	//     2 |   - {path: "/users/{user}/**", owner: "{usr}"}
	//       |                                       ^
	//   hint: did you mean "{user}"?
}
