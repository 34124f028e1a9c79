package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gate401/gate401/internal/freeport"
)

// Command is a program to run.
type Command struct {
	// Name is for messages and for the file of its output.
	Name string
	// Path and Args are what is executed, in Dir.
	Path string
	Args []string
	Dir  string
	// Env is added to the environment.
	Env []string
	// Core is the only core that it may use; below 0 it may use all.
	Core int
	// Nice lowers its priority (nice(1)).
	Nice int
	// Addr is where it accepts connections as soon as it is ready.
	Addr string
	// Output gets what it writes; nil means the file Name.log in Dir.
	Output io.Writer
}

// Process is a program that runs. Stop it.
type Process struct {
	// Name and Addr are those of the command.
	Name, Addr string
	// PID is its number.
	PID int
	// Ready is how long it took to accept a connection.
	Ready time.Duration

	cmd   *exec.Cmd
	out   *os.File // nil where the output goes elsewhere
	once  sync.Once
	ended chan struct{}
	err   error // to be read when ended is closed
}

// patience is how long a program may take to get ready, and to end.
const patience = 3 * time.Minute

// Start runs c and waits until it accepts connections.
func Start(ctx context.Context, c Command) (*Process, error) {
	path, args := c.Path, c.Args
	if c.Core >= 0 {
		path, args = "taskset", append([]string{"-c", strconv.Itoa(c.Core), c.Path}, c.Args...)
	}
	if c.Nice > 0 {
		path, args = "nice", append([]string{"-n", strconv.Itoa(c.Nice), path}, args...)
	}
	output, file := c.Output, (*os.File)(nil)
	if output == nil {
		var err error
		if file, err = os.OpenFile(filepath.Join(c.Dir, c.Name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			return nil, err
		}
		output = file
	}
	// It ends by Stop, in its own way, and not with a context in the middle of a
	// write.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, output, output
	cmd.Env = append(os.Environ(), c.Env...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", c.Name, err), closed(file))
	}
	p := &Process{Name: c.Name, Addr: c.Addr, PID: cmd.Process.Pid, cmd: cmd, out: file, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	if err := p.ready(ctx, began); err != nil {
		return nil, errors.Join(err, p.said(), p.Stop())
	}
	return p, nil
}

func closed(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// ready waits until a connection is accepted.
func (p *Process) ready(ctx context.Context, began time.Time) error {
	var d net.Dialer
	for time.Since(began) < patience {
		conn, err := d.DialContext(ctx, "tcp", p.Addr)
		if err == nil {
			p.Ready = time.Since(began)
			return conn.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready: %w", p.Name, errors.Join(p.err, err))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return fmt.Errorf("%s: nobody listens at %s after %s", p.Name, p.Addr, patience)
}

// said is the beginning of a program's output, as an error.
func (p *Process) said() error {
	if p.out == nil {
		return nil
	}
	f, err := os.Open(p.out.Name())
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return err
	}
	return fmt.Errorf("it wrote: %s", data)
}

// Running tells whether it has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Hang sends it SIGHUP.
func (p *Process) Hang() error { return p.cmd.Process.Signal(syscall.SIGHUP) }

// Stop asks it to end, and kills it if it does not.
func (p *Process) Stop() error {
	var err error
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			<-p.ended
			err = fmt.Errorf("%s did not end within %s and was killed", p.Name, patience)
		}
		err = errors.Join(err, closed(p.out))
	})
	return err
}

// Err is how it ended; nil as long as it runs.
func (p *Process) Err() error {
	if p.Running() {
		return nil
	}
	return p.err
}

// FreeAddr is a loopback address that nobody listens at, and that nobody else gets
// until ctx is done.
func FreeAddr(ctx context.Context) (string, error) {
	addr, release, err := freeport.Keep()
	if err == nil {
		context.AfterFunc(ctx, func() { _ = release.Close() })
	}
	return addr, err
}
