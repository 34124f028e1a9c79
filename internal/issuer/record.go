package issuer

import (
	"encoding/hex"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
)

// record tells of a step in the life of a token of a login.
func (s *Issuer) record(kind store.EventKind, f *store.TokenFamily, method, object string) {
	s.tell(store.Event{Kind: kind, Method: method, Object: object, Family: f.ID, Session: f.Session, Client: f.Client, Subject: SubjectOf(f.Issuer, f.Subject)})
}

func (s *Issuer) tell(e store.Event) {
	if s.Record == nil {
		return
	}
	e.Time, e.Count = s.now(), 1
	s.Record(e)
}

// For is the issuer as one request uses it: the steps that it tells of name that
// request. Without one it is the issuer itself.
func (s *Issuer) For(r *gate401.Request) *Issuer {
	if s.Record == nil || r == nil {
		return s
	}
	own := *s
	own.Record = func(e store.Event) {
		e.RequestID = r.ID
		s.Record(e)
	}
	return &own
}

// object is what a refresh token is called where it must not be shown.
func object(t store.RefreshToken) string { return hex.EncodeToString(t.Hash[:4]) }
