package storetest_test

import (
	"testing"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/store/storetest"
)

func ExampleRun() {
	_ = func(t *testing.T) { // TestConformance of a backend
		storetest.Run(t, func(t *testing.T) *store.Set { return memory.Open(memory.Options{}) })
	}
	// Output:
}
