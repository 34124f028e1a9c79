package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/config"
)

func TestSchemaIsNotStale(t *testing.T) {
	want, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(config.Schema())); diff != "" {
		t.Errorf("run go generate ./internal/config\n%s", diff)
	}
}
