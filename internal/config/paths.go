package config

import (
	"path/filepath"
	"strings"
)

// Resolve turns the relative paths of the file into paths below dir: what a file
// names is the same from wherever a command reads it. Whoever adds a key that is a
// path adds it here. Load does it; it is for what is put into a File afterwards.
func (f *File) Resolve(dir string) {
	f.Storage.Resolve(dir)
	t := &f.TLS
	paths := []*string{&t.Cert, &t.Key, &t.ACME.CAFile}
	for i := range t.More {
		paths = append(paths, &t.More[i].Cert, &t.More[i].Key)
	}
	for i := range f.Upstreams {
		paths = append(paths, &f.Upstreams[i].TLS.CAFile)
	}
	for _, m := range f.Methods {
		switch {
		case m.Basic != nil:
			paths = append(paths, &m.Basic.Htpasswd)
		case m.Session != nil:
			paths = append(paths, &m.Session.Htpasswd)
		case m.Bearer != nil && !isURL(m.Bearer.JWKS):
			paths = append(paths, &m.Bearer.JWKS)
		}
	}
	for _, p := range paths {
		*p = below(dir, *p)
	}
}

// Resolve turns the path of sqlite:FILE into one below dir, if it is relative.
func (s *Storage) Resolve(dir string) {
	if path, ok := s.SQLite(); ok && path != "" {
		s.Records = sqlitePrefix + below(dir, path)
	}
}

// below is where a relative path leads from dir.
func below(dir, path string) string {
	if path == "" || filepath.IsAbs(path) || strings.IndexByte(path, 0) >= 0 {
		return path
	}
	return filepath.Join(dir, path)
}
