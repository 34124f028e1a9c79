package cli

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/gate401/gate401/internal/nearest"
)

// hintsFor says what would help after an error of the system.
func hintsFor(err error) []string {
	var helpful interface{ Hint() string }
	var address *net.OpError
	switch {
	case errors.As(err, &helpful) && helpful.Hint() != "":
		return []string{helpful.Hint()}
	case errors.Is(err, syscall.EADDRINUSE):
		return []string{"another program listens there; choose another address with --listen or --admin-listen, or port 0 for a free one"}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return []string{"this machine has no such address"}
	case errors.Is(err, syscall.EACCES) && errors.As(err, &address):
		return []string{"ports below 1024 need privileges; choose a higher one with --listen"}
	case errors.Is(err, fs.ErrPermission):
		return []string{"check who owns the file, and as whom you run gate401"}
	}
	return nil
}

// missing turns the absence of a file into an error with a hint.
func missing(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		hint := "check the path"
		if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
			hint = `"gate401 init" writes one to start from`
		}
		return fail(ExitUsage, err, hint)
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return fail(ExitUsage, err, hintsFor(err)...)
	}
	return err
}

// closest returns the candidate that differs least from word, if it is close
// enough to be what was meant.
func closest(word string, candidates []string) string {
	best, distance := "", len(word)/3+2
	for _, c := range candidates {
		if d := nearest.Edits(word, c); d < distance {
			best, distance = c, d
		}
	}
	if best == "" && len(word) >= 3 {
		for _, c := range candidates {
			if strings.HasPrefix(c, word) {
				return c
			}
		}
	}
	return best
}
