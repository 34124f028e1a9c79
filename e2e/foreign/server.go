package foreign

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/freeport"
)

// Server is a running foreign server.
type Server struct {
	// URL without a slash at the end.
	URL string
	// Log is what it wrote to its standard streams.
	Log *program.Output
}

// FreeAddress is a loopback address that nobody else gets until the test ends.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return freeport.Hold(t)
}

// patience is how long a server may take until it listens; on a busy machine a
// program for Node takes a minute.
const patience = 5 * time.Minute

// Start runs cmd until the test ends and waits until something listens at
// address.
func Start(t testing.TB, cmd *exec.Cmd, address string) *Server {
	t.Helper()
	s := &Server{URL: "http://" + address, Log: &program.Output{}}
	cmd.Stdout, cmd.Stderr = s.Log, s.Log
	// Its own group, so that its children end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	if err := listening(address, ended); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, s.Log)
	}
	return s
}

func listening(address string, ended chan error) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return c.Close()
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("ended before it listened: %w", errors.Join(err))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing listens at %s after %s", address, patience)
}
