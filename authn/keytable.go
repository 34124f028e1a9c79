package authn

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
)

// keyTable remembers very many right keys in little memory: what a look-up in
// the store said, without the store. A nil one remembers nothing.
type keyTable struct {
	keys *table[keyFacts, keyRights]

	mu     sync.Mutex
	rights map[string]*keyRights // by all that is in them
}

// keyFacts is what a key has for itself.
type keyFacts struct {
	id       keyID
	version  int64
	expires  int64 // Unix milliseconds, or never
	revision uint64
}

// keyRights is what a key shares with others: whose it is, and what it may.
type keyRights struct {
	owner          string
	account        int64 // version of the owner's account
	groups, scopes []string

	// Of a key that has its own, because they do not fit in its facts, which our
	// own stores' do.
	id      string
	expires time.Time
}

const (
	never = math.MaxInt64

	// maxRights bounds the memory that makes equal rights one. Keys beyond it
	// keep their own.
	maxRights = 4096
)

// keyID is the ID of a key in place. A UUID fits.
type keyID struct {
	n    uint8
	text [39]byte
}

func newKeyTable(limit int) *keyTable {
	return &keyTable{keys: newTable[keyFacts, keyRights](limit), rights: make(map[string]*keyRights)}
}

// keep remembers a right key.
func (t *keyTable) keep(m *knownKey, now time.Time) {
	if t == nil {
		return
	}
	f := keyFacts{version: m.version, expires: never, revision: m.revision.Load()}
	expires := m.id.Expires
	if !expires.IsZero() {
		f.expires = expires.UnixMilli()
	}
	var rights *keyRights
	if fits := f.expires == never || time.UnixMilli(f.expires).Equal(expires); fits && len(m.record) <= len(f.id.text) {
		f.id.n = uint8(copy(f.id.text[:], m.record))
		rights = t.shared(m)
	} else {
		rights = rightsOf(m)
		rights.id, rights.expires = m.record, expires
	}
	t.keys.set(m.key, f, rights, m.ends, now)
}

func rightsOf(m *knownKey) *keyRights {
	return &keyRights{owner: m.owner, account: m.account, groups: m.id.Groups, scopes: m.id.Scopes}
}

// get makes what is remembered ready to use.
func (t *keyTable) get(key [32]byte) (*knownKey, bool) {
	if t == nil {
		return nil, false
	}
	f, rights, ends, ok := t.keys.get(key)
	if !ok {
		return nil, false
	}
	id, expires := rights.id, rights.expires
	if id == "" {
		id = string(f.id.text[:f.id.n])
		if f.expires != never {
			expires = time.UnixMilli(f.expires).UTC()
		}
	}
	m := &knownKey{
		id: &gate401.Identity{
			Subject: subjectOf(rights.owner, id), Method: methodKey, Credential: id,
			Groups: rights.groups, Scopes: rights.scopes, Expires: expires,
		},
		key: key, ends: ends, record: id, version: f.version, owner: rights.owner, account: rights.account,
	}
	m.revision.Store(f.revision)
	return m, true
}

func (t *keyTable) forget(key [32]byte) {
	if t != nil {
		t.keys.remove(key)
	}
}

// shared returns the rights of a key, one for all keys that have the same.
func (t *keyTable) shared(m *knownKey) *keyRights {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(m.account, 10))
	part := func(s string) {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	part(m.owner)
	for _, list := range [][]string{m.id.Groups, m.id.Scopes} {
		b.WriteByte(';')
		for _, s := range list {
			part(s)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rights[b.String()]; r != nil {
		return r
	}
	if len(t.rights) >= maxRights {
		clear(t.rights) // who still has rights is not told; new keys share anew
	}
	r := rightsOf(m)
	t.rights[b.String()] = r
	return r
}

// subjectOf is who a key speaks for: its owner, or itself.
func subjectOf(owner, id string) string {
	if owner == "" {
		return methodKey + ":" + id
	}
	return owner
}
