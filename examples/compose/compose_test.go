// Package compose_test loads deploy/compose/compose.yaml as docker compose does,
// with its library, and checks what the file promises.
package compose_test

import (
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../deploy/compose/compose.yaml"}, cli.WithWorkingDirectory("../../deploy/compose"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestCompose(t *testing.T) {
	project := load(t)
	gate, api := project.Services["gate"], project.Services["api"]
	for _, x := range []struct {
		name string
		ok   bool
	}{
		{"there is a gate and an API", len(project.Services) == 2},
		{"the gate cannot write to its image", gate.ReadOnly},
		{"nor can the API", api.ReadOnly},
		{"the gate has no capability", slices.Equal(gate.CapDrop, []string{"ALL"}) && len(gate.CapAdd) == 0 && !gate.Privileged},
		{"nor has the API", slices.Equal(api.CapDrop, []string{"ALL"}) && len(api.CapAdd) == 0 && !api.Privileged},
		{"the gate gains no privileges", slices.Contains(gate.SecurityOpt, "no-new-privileges:true")},
		{"this machine alone reaches the gate", len(gate.Ports) == 1 && gate.Ports[0].HostIP == "127.0.0.1" && gate.Ports[0].Target == 8401},
		{"nobody reaches the API but by the gate", len(api.Ports) == 0 && project.Networks["back"].Internal && len(api.Networks) == 1},
		{"the gate is asked how it is", gate.HealthCheck != nil && slices.Equal(gate.HealthCheck.Test, []string{"CMD", "/usr/bin/gate401", "health"})},
		{"the people are a secret", len(gate.Secrets) == 1 && project.Secrets["users"].File != ""},
		{"the records outlive the container", len(gate.Volumes) == 2 && gate.Volumes[0].Target == "/data" && gate.Volumes[0].Source == "records"},
		{"the configuration cannot be written", gate.Volumes[1].ReadOnly},
		{"there is time to drain", gate.StopGracePeriod != nil && gate.StopGracePeriod.String() == "1m0s"},
	} {
		if !x.ok {
			t.Errorf("not so: %s", x.name)
		}
	}
}
