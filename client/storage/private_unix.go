//go:build unix

package storage

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// privateFile refuses a file that others could have read or written.
func privateFile(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s can be read or written by others (mode %04o); take the tokens in it for stolen: log out and in again, or \"chmod 600\" if you know better", path, mode)
	}
	return ours(path, info)
}

// privateDir refuses a folder in which others could replace the file.
func privateDir(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others can write to the folder %s (mode %04o), so they could put tokens of theirs there; use a folder of your own", path, mode)
	}
	return ours(path, info)
}

func ours(path string, info fs.FileInfo) error {
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int64(s.Uid) != int64(os.Geteuid()) {
		return fmt.Errorf("%s belongs to somebody else (user %d)", path, s.Uid)
	}
	return nil
}
