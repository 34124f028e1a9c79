package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gate401/gate401/mock"
)

// mockFile reads what a mock begins with: the file, and the OpenAPI documents
// that it or the flags name.
func (a *app) mockFile(name string, documents []string) (*mock.File, []mock.Document, error) {
	var file *mock.File
	if name != "" {
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fail(ExitUsage, err, "check the path") // "gate401 init" writes no such file
		}
		if err != nil {
			return nil, nil, missing(err, name)
		}
		if file, err = mock.LoadFile(name, data); err != nil {
			return nil, nil, a.faulty(err)
		}
		var beside []string
		for _, one := range file.OpenAPI {
			if !filepath.IsAbs(one) {
				one = filepath.Join(filepath.Dir(name), one)
			}
			beside = append(beside, one)
		}
		documents = append(beside, documents...)
	}
	var all []mock.Document
	for _, one := range documents {
		data, err := os.ReadFile(one) //nolint:gosec // the operator names it, on the command line or in the file
		if err != nil {
			return nil, nil, fail(ExitUsage, err, "check the path")
		}
		all = append(all, mock.Document{Name: one, Data: data})
	}
	return file, all, nil
}

// faulty prints what is wrong with a file line by line, as the faults of a
// configuration are printed.
func (a *app) faulty(err error) error {
	faults := mock.Faults(err)
	if len(faults) == 0 {
		return err
	}
	for _, f := range faults {
		fmt.Fprintln(a.Err, f.Text)
		if f.Hint != "" {
			fmt.Fprintln(a.Err, "  hint: "+f.Hint)
		}
	}
	return fail(ExitProblems, errors.New(counted(len(faults), "fault in the file", "faults in the file")))
}
