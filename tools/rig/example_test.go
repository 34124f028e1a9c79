package rig_test

import (
	"fmt"
	"os"

	"github.com/gate401/gate401/tools/rig"
)

func ExampleUsageOf() {
	u, err := rig.UsageOf(os.Getpid())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(u.Threads > 0, u.Files > 0, u.Resident > 0, u.Peak >= u.Resident)
	// Output: true true true true
}
