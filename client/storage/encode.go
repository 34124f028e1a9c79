package storage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// stored is an Entry as it is written, secrets and all.
type stored struct {
	Issuer   string     `json:"issuer"`
	Client   string     `json:"client_id"`
	Audience string     `json:"audience,omitempty"`
	Host     string     `json:"host,omitempty"`
	Access   string     `json:"access_token"`
	Refresh  string     `json:"refresh_token,omitempty"`
	Obtained *time.Time `json:"obtained,omitempty"`
	Expiry   *time.Time `json:"expiry,omitempty"`
	Scopes   []string   `json:"scopes,omitempty"`
	Origins  []string   `json:"origins,omitempty"`
	Renewal  Renewal    `json:"renewal"`
}

func encode(e Entry) stored {
	return stored{e.Issuer, e.Client, e.Audience, e.Host, e.Access, e.Refresh, moment(e.Obtained), moment(e.Expiry), e.Scopes, e.Origins, e.Renewal}
}

func (s stored) entry() Entry {
	e := Entry{Key: Key{s.Issuer, s.Client, s.Audience, s.Host}, Access: s.Access, Refresh: s.Refresh, Scopes: s.Scopes, Origins: s.Origins, Renewal: s.Renewal}
	if s.Obtained != nil {
		e.Obtained = *s.Obtained
	}
	if s.Expiry != nil {
		e.Expiry = *s.Expiry
	}
	return e
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(0)
	return &t
}

// check refuses what no store can keep.
func check(e Entry) error {
	if e.Issuer == "" || e.Client == "" || e.Access == "" {
		return fmt.Errorf("an entry needs an issuer, a client and an access token")
	}
	text, err := json.Marshal(encode(e)) //nolint:gosec // the one place where secrets are written on purpose
	if err != nil {
		return err
	}
	if len(text) > MaxEntry {
		return fmt.Errorf("%d octets: %w", len(text), ErrTooLarge)
	}
	return nil
}

// id is a name for the key that fits everywhere.
func (k Key) id() string {
	sum := sha256.Sum256([]byte(k.Issuer + "\x00" + k.Client + "\x00" + k.Audience + "\x00" + k.Host))
	return hex.EncodeToString(sum[:12])
}

func compare(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Audience, b.Audience), cmp.Compare(a.Host, b.Host))
}

func sorted(list []Entry) []Entry {
	slices.SortFunc(list, func(a, b Entry) int { return compare(a.Key, b.Key) })
	return list
}

// clone keeps callers from writing to what is kept.
func clone(e Entry) Entry {
	e.Scopes, e.Origins = slices.Clone(e.Scopes), slices.Clone(e.Origins)
	return e
}
