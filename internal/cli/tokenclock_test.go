package cli_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cli"
	"github.com/gate401/gate401/token"
)

// A token that is issued now was proved now: one command has one time, however
// long it takes to open the store.
func TestTokenIssueHasOneTime(t *testing.T) {
	t.Chdir(t.TempDir())
	if status, _, log := run(t, "user", "add", "alice"); status != 0 {
		t.Fatalf("status %d: %s", status, log)
	}
	now := time.Now().Truncate(time.Second)
	var out, errs bytes.Buffer
	args := []string{"token", "issue", "--sub", "alice", "--auth-time", "now"}
	status := cli.Main(t.Context(), args, cli.Streams{
		In: &bytes.Buffer{}, Out: &out, Err: &errs, Env: func(string) string { return "" },
		Now: func() time.Time { now = now.Add(time.Second); return now },
	})
	if status != 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	c := token.Decode(string(bytes.TrimSpace(out.Bytes()))).Claims
	if c == nil || c.AuthTime.IsZero() || !c.AuthTime.Equal(c.IssuedAt) {
		t.Errorf("%+v", c)
	}
}
