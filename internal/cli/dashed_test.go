package cli_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/cli"
)

// A kid that begins with a dash is no flag, wherever it stands.
func TestDashedKid(t *testing.T) {
	t.Chdir(t.TempDir())
	const records = "sqlite:gate401.db"
	if status, _, log := run(t, "user", "add", "alice"); status != cli.ExitOK {
		t.Fatalf("%d %s", status, log)
	}
	if status, _, log := run(t, "signing-key", "rotate", "--store", records); status != cli.ExitOK {
		t.Fatalf("%d %s", status, log)
	}
	for _, kid := range []string{"-3qYHg3zAlqqt3_0oEpPL_3A54CNvtxE1tDb1Hf_Xro", "--qYHg3zAlqqt3_0oEpPL_3A54CNvtxE1tDb1Hf_Xro"} {
		for _, args := range [][]string{
			{"retire", kid, "--store", records},
			{"retire", "--store", records, "--", kid},
			{"revoke", "--now", "--store", records, kid},
		} {
			status, _, log := run(t, append([]string{"signing-key"}, args...)...)
			if status != cli.ExitProblems || !strings.Contains(log, `there is no signing key "`+kid+`"`) {
				t.Errorf("%v: %d %s", args, status, log)
			}
		}
	}
	if status, _, log := run(t, "signing-key", "retire", "-x", "--store", records); status != cli.ExitUsage || !strings.Contains(log, "unknown shorthand flag") {
		t.Errorf("a flag: %d %s", status, log)
	}
}
