package cli

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// Whatever a file holds, nobody gets out of it who could not be stored, and no
// error repeats a password.
func FuzzReadPeople(f *testing.F) {
	f.Add("htpasswd", "alice:$2y$10$qL6ge/fJfaOsWxDbuPFX8u9LoTTfRZlzDqnRUFSJ24RzHYH0yTRF2\n# x\n\nbob:{SHA}x")
	f.Add("csv", "name,password,groups\nalice,correct horse battery staple,admin support\n\"b\"\"o:b\",,\n")
	f.Add("csv", "name,hash,scopes,display\r\nanna,$argon2id$,orders:read;x,\"A\nB\"")
	f.Add("csv", "\ufeffNAME\nx,y\n\"")
	f.Fuzz(func(t *testing.T, format, text string) {
		if format != formatCSV {
			format = formatHtpasswd
		}
		faults := &importFaults{name: "file"}
		people, err := readPeople("file", format, []byte(text), faults)
		if err != nil && people != nil {
			t.Fatalf("%d people with %v", len(people), err)
		}
		if err != nil || faults.err() != nil {
			return
		}
		seen := map[string]bool{}
		for _, p := range people {
			a := p.account
			if canonical, err := store.Canonical(a.Name); err != nil || canonical != a.Name || strings.Contains(a.Name, ":") || seen[a.Name] {
				t.Errorf("%q got through", a.Name)
			}
			seen[a.Name] = true
			if a.Password != "" && (password.CheckHash(a.Password) != nil || p.plain != "") {
				t.Errorf("%q has an unusable hash", a.Name)
			}
		}
	})
}
