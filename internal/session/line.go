package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gate401/gate401/store"
)

// mark is what the ID of a session ends with where accounts are lines of a file:
// nothing revokes sessions when somebody edits one, so that the session itself says
// of which line it is.
func mark(id string, version int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s of line %d", id, version))
	return "-" + hex.EncodeToString(sum[:4])
}

// ofLine tells whether the line is the one with whose password s began.
func (m *Manager) ofLine(s store.Session, a store.Account) bool {
	id, _, _ := strings.Cut(s.ID, "-")
	return !m.OfFile || s.ID == id+mark(id, a.Version)
}
