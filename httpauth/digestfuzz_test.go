package httpauth_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gate401/gate401/httpauth"
)

func bodyOf(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

// What was read, printed and read again is the same, in either mode.
func FuzzDigest(f *testing.F) {
	for _, tt := range digestVectors {
		f.Add(tt.challenge)
		f.Add(tt.want)
	}
	for _, tt := range authorizationCases {
		f.Add(tt.in)
	}
	f.Add(`Digest username*=UTF-8''J%C3%A4s, realm="r", nonce="n", uri="/", response="0123456789ABCDEF0123456789abcdef", qop=AUTH, nc=1, cnonce="c"`)
	f.Fuzz(func(t *testing.T, in string) {
		for _, mode := range []httpauth.Mode{httpauth.Strict, httpauth.Lenient} {
			for _, c := range httpauth.ParseChallenges([]string{in}, httpauth.Lenient).Challenges {
				d, err := httpauth.ParseDigestChallenge(c, mode)
				if err != nil {
					continue
				}
				again, err := httpauth.ParseDigestChallenge(d.Challenge(), mode)
				if diff := cmp.Diff(d, again, cmpopts.EquateEmpty()); diff != "" || err != nil {
					t.Errorf("%q: %v\n%s", in, err, diff)
				}
			}
			c, err := httpauth.ParseDigest(in, mode)
			if err != nil {
				if c != (httpauth.DigestCredentials{}) {
					t.Errorf("%q: an error and yet credentials", in)
				}
				continue
			}
			if len(c.Value()) <= httpauth.MaxFieldSize {
				if again, err := httpauth.ParseDigest(c.Value(), mode); again != c || err != nil {
					t.Errorf("%q printed as %q: %v", in, c.Value(), err)
				}
			}
			if mode == httpauth.Strict && len(c.Compute("x", "GET", "y")) != c.Algorithm.HexLen() {
				t.Errorf("%q: no response", in)
			}
		}
		info := httpauth.ParseInfo([]string{in}, httpauth.Lenient).Info
		if d, err := httpauth.ParseDigestInfo(info, httpauth.Strict); err == nil {
			if again, err := httpauth.ParseDigestInfo(d.Info(), httpauth.Strict); again != d || err != nil {
				t.Errorf("%q: %v", in, err)
			}
		}
	})
}
