package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A demo says in a file of its own which files beside it are a demo's: a name
// alone does not tell a demo's records from somebody's real ones.
const (
	markFile = ".gate401-demo"
	markText = "The files demo.db, demo.db-wal, demo.db-shm, demo.key and demo-ca.pem beside this one were made by gate401 demo. Its next start with this directory replaces them.\n"
)

// emptied makes dir ready for a demo: what an earlier demo left there is
// removed, since passwords and keys are new at every start and the old ones
// should be worth nothing. Files that no demo made are left alone, and then
// nothing may start there.
func emptied(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// Neither the mark nor the records may lead out of the directory.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	_, err = root.Lstat(markFile)
	marked := err == nil
	for _, name := range []string{"demo.db", "demo.db-wal", "demo.db-shm", "demo.key", demoCA} {
		if !marked {
			if _, err := root.Lstat(name); err == nil {
				return fmt.Errorf("%s was not made by a demo, and a demo would replace it: name another directory", filepath.Join(dir, name))
			}
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return root.WriteFile(markFile, []byte(markText), 0o600)
}
