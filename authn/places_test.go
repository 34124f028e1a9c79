package authn_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
)

// Whoever sends the key as a name too must not find it in the cause.
func TestWrongPlaceNamesNoKey(t *testing.T) {
	f := newStore()
	key := f.key(t, "k", "live", nil)
	secret := key[len("g401_live_"):][:20]
	field := http.CanonicalHeaderKey(key)
	for _, test := range []struct {
		name string
		r    *gate401.Request
		says string
	}{
		{"query", request("/?" + key + "=" + key), "a query parameter"},
		{"query, escaped", request("/?g401%5flive_" + key[10:] + "=" + key), "a query parameter"},
		{"query, inside", request("/?x[" + key + "]=" + key), "a query parameter"},
		{"query, capitals", request("/?" + strings.ToUpper(key) + "=" + key), "a query parameter"},
		{"cookie", request("/", "Cookie", "a=b; "+key+"="+key), "a cookie"},
		{"field", request("/", field, key), "a field"},
		{"an ordinary name", request("/?token=" + key), `the query parameter "token"`},
		{"an ordinary field", request("/", "X-Token", key), `the field "X-Token"`},
		{"an ordinary cookie", request("/", "Cookie", "a=b; token="+key), `the cookie "token"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decide(t, test.r, &authn.APIKey{Keys: newKeys(t, f)})
			wantReason(t, d, reason.APIKeyWrongPlace)
			if d.Denial == nil {
				return
			}
			says := d.Denial.Err.Error()
			if strings.Contains(strings.ToLower(says), strings.ToLower(secret)) || !strings.Contains(says, test.says) {
				t.Errorf("it says %s", says)
			}
		})
	}
}
