package build_test

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/reason"
)

// Who is logged in by a provider that the file does not name any more is refused as
// soon as it is loaded, though the gate remembered the session a moment ago.
func TestProviderTakenOutOfTheFile(t *testing.T) {
	const file = `
storage: {records: memory}
methods: {browser: {type: session}, own: {type: bearer, audience: orders}}
`
	const idp = file + `providers: [{name: work, issuer: "https://idp.example", client_id: gate}]`
	const moved = file + `providers: [{name: work, issuer: "https://other.example", client_id: gate}]`
	const renamed = file + `providers: [{name: staff, issuer: "https://idp.example", client_id: gate, only_groups: [staff]}]`
	stores, err := storage.Open(t.Context(), load(t, idp), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close()
	public, _ := url.Parse("https://gate.example")
	made := func(file string, before *build.System) *build.System {
		t.Helper()
		s, err := build.New(load(t, file), stores, build.Options{PublicURL: public, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if before != nil {
			if err := before.Close(); err != nil {
				t.Error(err)
			}
		}
		return s
	}
	r := &gate401.Request{
		Method: http.MethodGet, Path: "/", Host: "gate.example", URL: &url.URL{Scheme: "https", Host: "gate.example", Path: "/"},
		Header: http.Header{}, Client: netip.MustParseAddr("192.0.2.1"), Time: time.Now(),
	}
	s := made(idp, nil)
	_, c, err := s.Sessions.Begin(t.Context(), session.Proved{Subject: "alice", Issuer: "https://idp.example", Provider: "work"}, r)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", c.Name+"="+c.Value)
	for _, step := range []struct {
		name, file string
		want       reason.Code
	}{
		{"named", idp, ""}, {"named otherwise", renamed, ""}, {"another issuer", moved, reason.SessionRevoked},
		{"back again", idp, ""}, {"none", file, reason.SessionRevoked},
	} {
		s = made(step.file, s)
		_, err := s.Sessions.Find(t.Context(), r)
		var d *gate401.Denial
		var got reason.Code
		if errors.As(err, &d) {
			got = d.Reason
		}
		if got != step.want || err != nil && d == nil {
			t.Errorf("%s: %v, want %q", step.name, err, step.want)
		}
		if vouches := s.Issuing.Issuer.Vouches("https://idp.example"); vouches != (step.want == "") {
			t.Errorf("%s: the issuer says %v", step.name, vouches)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
