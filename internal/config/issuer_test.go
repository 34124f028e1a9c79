package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/config"
)

// A gate issues tokens where it takes its own, or where the file says how; then
// what is shown is what is done.
func TestIssuer(t *testing.T) {
	whole := config.Issuer{
		AccessTTL: 5 * time.Minute, Refresh: config.Refresh{Idle: 24 * time.Hour, Absolute: 720 * time.Hour, Grace: 10 * time.Second},
		CodeTTL: time.Minute, DeviceTTL: 10 * time.Minute, Consent: "remember", Registration: "off", RotateKeys: 2160 * time.Hour,
	}
	short := whole
	short.Refresh = config.Refresh{Idle: 2 * time.Hour, Absolute: 2 * time.Hour, Grace: 10 * time.Second}
	words := whole
	words.Scopes = config.ScopeWords{"orders:read": "Read your orders"}
	open := whole
	open.Registration, open.AccessTTL = "open", time.Hour
	for _, test := range []struct {
		name, file string
		want       config.Issuer
		issues     bool
	}{
		{"no file", "", whole, true},
		{"no methods", "gate: {realm: a}", whole, true},
		{"its own tokens", "methods: {own: {type: bearer}}", whole, true},
		{"none of its own", "methods: {password: {type: basic}}", config.Issuer{}, false},
		{"tokens of others", "methods: {p: {type: bearer, issuer: 'https://idp.example.com', audience: a}}", config.Issuer{}, false},
		{"a section alone", "methods: {password: {type: basic}}\nissuer: {}", whole, true},
		{"a short login", "issuer: {refresh: {absolute: 2h}}", short, true},
		{"words for people", "methods: {password: {type: basic}}\nissuer: {scopes: {'orders:read': Read your orders}}", words, true},
		{"two keys", "issuer: {registration: open, access_ttl: 1h}", open, true},
	} {
		f, err := config.Load("gate401.yaml", []byte(test.file))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, f.Issuer, cmp.Comparer(func(a, b config.Secret) bool { return a.Equal(b) })); diff != "" || f.Issues() != test.issues {
			t.Errorf("%s: issues %v (-want +got)\n%s", test.name, f.Issues(), diff)
		}
		if shown := strings.Contains(f.String(), "\nissuer:"); shown != test.issues {
			t.Errorf("%s: shown %v", test.name, shown)
		}
	}
}
