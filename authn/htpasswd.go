package authn

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// Limits of an htpasswd file.
const (
	MaxHtpasswdSize = 16 << 20
	maxHtpasswdLine = 4096
	maxFaults       = 20 // reported at once
)

// users is one reading of an htpasswd file.
type users struct {
	accounts map[string]store.Account
	dearest  []string
}

// parseHtpasswd reads "name:hash" lines. Blank lines and lines that begin with
// "#" are passed over; what follows a second colon is a comment. It returns
// every fault, up to a limit: one bad line refuses the whole file, for a person
// who cannot log in any more should not have to guess why.
func parseHtpasswd(data []byte) (*users, error) {
	u := &users{accounts: make(map[string]store.Account)}
	seen := make(map[string]int)
	var faults []error
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(make([]byte, 0, maxHtpasswdLine), maxHtpasswdLine)
	for lines.Scan() && len(faults) < maxFaults {
		n++
		line := strings.TrimSpace(lines.Text())
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		a, err := parseHtpasswdLine(line)
		if err == nil && seen[a.Name] != 0 {
			err = fmt.Errorf("user %q: also in line %d (names are compared without case)", a.Name, seen[a.Name])
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		seen[a.Name] = n
		u.accounts[a.Name] = a
	}
	if err := lines.Err(); err != nil {
		faults = append(faults, fmt.Errorf("line %d: longer than %d octets", n+1, maxHtpasswdLine))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	u.dearest = dearest(u.accounts)
	return u, nil
}

func parseHtpasswdLine(line string) (store.Account, error) {
	name, rest, ok := strings.Cut(line, ":")
	if !ok {
		return store.Account{}, errors.New("there is no colon behind the user name")
	}
	hash, _, _ := strings.Cut(rest, ":")
	hash = strings.TrimSpace(hash)
	canonical, err := store.Canonical(name)
	if err != nil {
		return store.Account{}, fmt.Errorf("user %q: %w", clip(name), err)
	}
	if fault := HashFault(hash); fault != "" {
		return store.Account{}, fmt.Errorf("user %q: %s; make a bcrypt one with: htpasswd -B -C 12", canonical, fault)
	}
	// The version is that of the line: whoever keeps the line stays remembered
	// when another one changes.
	sum := sha256.Sum256([]byte(line))
	version := int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
	return store.Account{Name: canonical, Display: name, Password: hash, Version: version}, nil
}

// HashFault says why the hash of a password is not used; empty if it is. Those of fast or broken functions are
// refused by name: whoever gets the file has the passwords.
func HashFault(hash string) string {
	for _, weak := range [...]struct{ prefix, name string }{
		{"$apr1$", "apr1 (MD5)"}, {"$1$", "crypt MD5"}, {"$5$", "crypt SHA-256"}, {"$6$", "crypt SHA-512"},
		{"{SHA}", "SHA-1"}, {"{SSHA}", "salted SHA-1"}, {"{SSHA256}", "salted SHA-256"}, {"{SSHA512}", "salted SHA-512"},
		{"{SHA256}", "SHA-256"}, {"{SHA512}", "SHA-512"}, {"{MD5}", "MD5"}, {"{SMD5}", "salted MD5"}, {"{PLAIN}", "plain text"},
		{"$2x$", "bcrypt 2x (of a faulty implementation)"}, {"$argon2i$", "argon2i"}, {"$argon2d$", "argon2d"},
		{"$y$", "yescrypt"}, {"$7$", "scrypt"}, {"$sha1$", "crypt SHA-1"}, {"$md5", "Sun MD5"}, {"$3$", "NT (MD4)"}, {"_", "BSDi crypt (DES)"},
	} {
		if strings.HasPrefix(hash, weak.prefix) {
			return weak.name + " hash refused"
		}
	}
	switch {
	case hash == "":
		return "there is no hash"
	case strings.HasPrefix(hash, "$2"):
		if password.CheckHash(hash) != nil {
			return fmt.Sprintf("bcrypt hash malformed, or of a cost other than %d to %d", minBcryptCost, password.MaxBcryptCost)
		}
		return ""
	case strings.HasPrefix(hash, "$argon2id$"):
		// One that costs too much would be found out by the first wrong password,
		// of whomever.
		if err := password.CheckHash(hash); err != nil {
			return "argon2id hash refused: " + strings.TrimPrefix(err.Error(), password.ErrHash.Error()+": ")
		}
		return ""
	case strings.HasPrefix(hash, "$") || strings.HasPrefix(hash, "{"):
		return "hash of an unknown kind refused"
	case len(hash) == 13 && strings.Trim(hash, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == "":
		return "crypt (DES) hash, or plain text, refused"
	}
	return "plain text refused"
}

// dearest is the most costly hash of each kind.
func dearest(accounts map[string]store.Account) []string {
	var argon2, bcrypt string
	for _, a := range accounts {
		switch w := costOf(a.Password); {
		case w.argon2 > costOf(argon2).argon2:
			argon2 = a.Password
		case w.bcrypt > costOf(bcrypt).bcrypt:
			bcrypt = a.Password
		}
	}
	return slices.DeleteFunc([]string{argon2, bcrypt}, func(h string) bool { return h == "" })
}
