package component_test

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

func Example() {
	test := func(t *testing.T) {
		curl := component.Need(t, "curl", "curl")
		if err := exec.CommandContext(t.Context(), curl, "--version").Run(); err != nil {
			t.Error(err)
		}
	}
	fmt.Println(test != nil)
	// Output: true
}
