//go:build !unix

package storage

import "io/fs"

// The folder of a user is private by its access control list there, which Go
// does not show as a mode.
func privateFile(string, fs.FileInfo) error { return nil }

func privateDir(string, fs.FileInfo) error { return nil }
