package httpauth_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func checkFindings(t *testing.T, found []httpauth.Finding, fields ...string) {
	t.Helper()
	if len(found) > 2*httpauth.MaxFindings {
		t.Errorf("%d findings", len(found))
	}
	for _, f := range found {
		switch {
		case f.Field < 0 || f.Field >= max(1, len(fields)):
			t.Errorf("%+v: no such field", f)
		case f.Offset < 0 || len(fields) > 0 && f.Offset > len(fields[f.Field]):
			t.Errorf("%+v: no such octet in %q", f, fields)
		case f.Message == "" || f.Section == "":
			t.Errorf("%+v: incomplete", f)
		}
		for _, s := range []string{f.Message, f.Hint} {
			if strings.ContainsAny(s, "\x00\r\n\x1b") {
				t.Errorf("%+v: control character in the report", f)
			}
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, tt := range challengeCases {
		f.Add(strings.Join(tt.in, "\n"))
	}
	f.Fuzz(func(t *testing.T, in string) {
		fields := strings.Split(in, "\n")
		strict := httpauth.ParseChallenges(fields, httpauth.Strict)
		lenient := httpauth.ParseChallenges(fields, httpauth.Lenient)
		if len(fields) <= httpauth.MaxFields {
			checkFindings(t, lenient.Findings, fields...)
		}
		if diff := cmp.Diff(strict.Findings, lenient.Findings); diff != "" || strict.Valid != lenient.Valid {
			t.Errorf("the modes differ in what they find: %s", diff)
		}
		if !strict.Valid && strict.Challenges != nil || strict.Valid != (strict.Err() == nil) {
			t.Errorf("invalid and yet %v, %v", strict.Challenges, strict.Err())
		}
		for _, c := range lenient.Challenges {
			if err := c.Validate(); err != nil {
				t.Fatalf("%q yields %+v: %v", in, c, err)
			}
			again := httpauth.ParseChallenges([]string{c.String()}, httpauth.Strict)
			if len(c.String()) > httpauth.MaxFieldSize {
				continue
			}
			if diff := cmp.Diff([]httpauth.Challenge{c}, again.Challenges, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q printed as %q (-parsed +printed and parsed):\n%s", in, c.String(), diff)
			}
		}
	})
}

// Whatever a challenge holds, what is printed is one valid challenge or nothing.
func FuzzPrint(f *testing.F) {
	f.Add("Basic", "realm", "a\"b\\c\r\nX: y", "charset", "UTF-8", "")
	f.Add("Digest", "algorithm", "a b", "ALGORITHM", "c", "")
	f.Add("Negotiate", "", "", "", "", "abc==")
	f.Add("X Y", "a", "b", "c", "d", "")
	f.Fuzz(func(t *testing.T, scheme, n1, v1, n2, v2, token68 string) {
		c := httpauth.Challenge{Scheme: scheme, Params: pairs(n1, v1, n2, v2), Token68: token68}
		s := c.String()
		if s == "" || len(s) > httpauth.MaxFieldSize {
			return
		}
		r := httpauth.ParseChallenges([]string{s}, httpauth.Strict)
		if !r.Valid || len(r.Challenges) != 1 || r.Challenges[0].Scheme != scheme {
			t.Fatalf("%+v printed as %q: %+v", c, s, r)
		}
		if c.Validate() == nil && (token68 != "" || scheme != "") {
			if diff := cmp.Diff(c, r.Challenges[0], cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		if got, err := httpauth.ParseAuthorization(httpauth.Credentials(c).Value()); err != nil {
			t.Errorf("%+v as credentials: %v, %+v", c, err, httpauth.Challenge(got))
		}
		info := httpauth.Info{Params: c.Params}.String()
		if r := httpauth.ParseInfo([]string{info}, httpauth.Strict); !r.Valid {
			t.Errorf("%q as info: %+v", info, r.Findings)
		}
		b := httpauth.Bearer(v1, httpauth.Param{Name: n1, Value: v2}, httpauth.Param{Name: "scope", Value: v1}, httpauth.Param{Name: "error_description", Value: v2}).String()
		if r := httpauth.ParseChallenges([]string{b}, httpauth.Strict); len(b) <= httpauth.MaxFieldSize && (!r.Valid || len(r.Challenges[0].Params) == 0) {
			t.Errorf("Bearer prints %q: %+v", b, r)
		}
	})
}

func FuzzParseAuthorization(f *testing.F) {
	for _, tt := range authorizationCases {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := httpauth.ParseAuthorization(in)
		if err != nil && (c.Scheme != "" || c.Params != nil || c.Token68 != "") {
			t.Errorf("%q: an error and yet %+v", in, httpauth.Challenge(c))
		}
		if err == nil && len(c.Value()) <= httpauth.MaxFieldSize {
			again, err := httpauth.ParseAuthorization(c.Value())
			if diff := cmp.Diff(httpauth.Challenge(c), httpauth.Challenge(again), cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("%q printed as %q: %v\n%s", in, c.Value(), err, diff)
			}
		}
		r := httpauth.ExamineAuthorization(in)
		checkFindings(t, r.Findings, in)
		if r.Valid && err != nil {
			t.Errorf("%q is valid, but: %v", in, err)
		}
		if err != nil && len(r.Findings) == 0 {
			t.Errorf("%q is refused without a finding: %v", in, err)
		}
		if _, err := httpauth.BearerToken(in); err == nil && !r.Credentials.Is("Bearer") && r.Valid {
			t.Errorf("%q: a Bearer token, but %v", in, r.Credentials)
		}
		if _, _, ok := httpauth.CutScheme(in); ok && strings.TrimSpace(in) == "" {
			t.Errorf("%q has a scheme", in)
		}
	})
}

func FuzzBasic(f *testing.F) {
	for _, tt := range basicErrors {
		f.Add(tt.in, "user", tt.in)
	}
	f.Add("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")
	f.Add("Og==", "", "")
	f.Add("dGVzdDoxMjPCow==", "ä", ":")
	f.Fuzz(func(t *testing.T, token68, user, password string) {
		u, p, err := httpauth.DecodeBasic(token68)
		if err == nil {
			// One credential has one spelling.
			if got, err := httpauth.EncodeBasic(u, p); got != "Basic "+token68 || err != nil {
				t.Errorf("%q is %q, %q, which is %q (%v)", token68, u, p, got, err)
			}
			if _, err := httpauth.ParseAuthorization("Basic " + token68); err != nil && len(token68) < httpauth.MaxFieldSize-6 {
				t.Errorf("%q: %v", token68, err)
			}
		} else if u != "" || p != "" {
			t.Errorf("%q: an error and yet %q, %q", token68, u, p)
		}
		if value, err := httpauth.EncodeBasic(user, password); err == nil && len(value) <= httpauth.MaxFieldSize {
			if u, p, err := httpauth.ParseBasic(value); u != user || p != password || err != nil {
				t.Errorf("%q, %q is %q, which is %q, %q (%v)", user, password, value, u, p, err)
			}
		}
	})
}

func FuzzBearer(f *testing.F) {
	for _, tt := range authorizationCases {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		token, err := httpauth.BearerToken(in)
		if err != nil {
			if token != "" {
				t.Errorf("%q: an error and yet a token", in)
			}
			return
		}
		if !strings.EqualFold(in, "Bearer "+token) || token == "" {
			t.Errorf("%q: the token is %q", in, token)
		}
		c, err := httpauth.ParseAuthorization(in)
		if err != nil || c.Token68 != token || !c.Is("Bearer") {
			t.Errorf("%q: two readers disagree: %v", in, err)
		}
	})
}
