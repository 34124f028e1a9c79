package httpauth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/icholy/digest"

	"github.com/gate401/gate401/httpauth"
)

// The values of RFC 7616 section 3.9, that of 3.9.2 as erratum 4897 corrects it
// (the RFC printed what a draft of SHA-512/256 yielded), and of RFC 2617 section
// 3.5.
var digestVectors = []struct {
	name, challenge, user, password, uri, cnonce, want string
}{
	{"rfc 7616 3.9.1 md5",
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
		"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		`Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`},
	{"rfc 7616 3.9.1 sha-256",
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
		"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		`Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`},
	{"rfc 7616 3.9.2, erratum 4897",
		`Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`,
		"Jäsøn Doe", "Secret, or not?", "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
		`Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", realm="api@example.org", uri="/doe.json", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=true`},
	{"rfc 2617 3.5",
		`Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
		"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b",
		`Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", nc=00000001, cnonce="0a4f113b", qop=auth, response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"`},
}

func challengeOf(t testing.TB, field string, mode httpauth.Mode) httpauth.DigestChallenge {
	t.Helper()
	r := httpauth.ParseChallenges([]string{field}, httpauth.Strict)
	if err := r.Err(); err != nil || len(r.Challenges) != 1 {
		t.Fatalf("%s: %v", field, err)
	}
	c, err := httpauth.ParseDigestChallenge(r.Challenges[0], mode)
	if err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	return c
}

func TestDigestVectors(t *testing.T) {
	for _, tt := range digestVectors {
		t.Run(tt.name, func(t *testing.T) {
			c := challengeOf(t, tt.challenge, httpauth.Strict)
			got, err := c.Answer(httpauth.DigestAnswer{Username: tt.user, Password: tt.password, Method: "GET", URI: tt.uri, CNonce: tt.cnonce})
			if err != nil {
				t.Fatal(err)
			}
			if got.Value() != tt.want {
				t.Errorf("answer\n got %s\nwant %s", got.Value(), tt.want)
			}
			read, err := httpauth.ParseDigest(tt.want, httpauth.Strict)
			if diff := cmp.Diff(httpauth.Challenge(got.Credentials()), httpauth.Challenge(read.Credentials())); diff != "" || err != nil {
				t.Errorf("read again: %v\n%s", err, diff)
			}
			ha1 := httpauth.DigestHA1(c.Algorithm, tt.user, c.Realm, tt.password)
			if !read.Matches(read.Compute(ha1, "GET", "")) || read.Matches(read.Compute(ha1, "POST", "")) {
				t.Error("the response does not match")
			}
			if found := httpauth.ExamineAuthorization(tt.want).Findings; len(found) > 0 {
				t.Errorf("findings: %+v", found)
			}
		})
	}
}

// icholy/digest was written by others. What it knows has to agree; it has
// no -sess.
func TestDigestOracle(t *testing.T) {
	for _, algorithm := range []httpauth.DigestAlgorithm{"", httpauth.DigestMD5, httpauth.DigestSHA256, httpauth.DigestSHA512256, httpauth.DigestSHA512} {
		for _, qop := range []httpauth.DigestQOP{"", httpauth.DigestAuth, httpauth.DigestAuthInt} {
			t.Run(fmt.Sprintf("%s %s", algorithm, qop), func(t *testing.T) {
				body := `{"a":"ü"}`
				c := httpauth.DigestChallenge{Realm: `a "quoted" \ realm`, Nonce: "n/+=", Opaque: "o", Algorithm: algorithm}
				if qop != "" {
					c.QOP = []httpauth.DigestQOP{qop}
				}
				theirs, err := digest.ParseChallenge(c.Challenge().String())
				if err != nil {
					t.Fatal(err)
				}
				// Its reader keeps backslashes (its issue, not ours).
				theirs.Realm = c.Realm
				want, err := digest.Digest(theirs, digest.Options{Method: "PUT", URI: "/x?y=z,", Username: "alice", Password: "pass:word", Cnonce: "cc", Count: 10,
					GetBody: bodyOf(body)})
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.Answer(httpauth.DigestAnswer{Username: "alice", Password: "pass:word", Method: "PUT", URI: "/x?y=z,", CNonce: "cc", Count: 10,
					BodyHash: algorithm.Hash([]byte(body))})
				if err != nil {
					t.Fatal(err)
				}
				if got.Response != want.Response || got.Response == "" {
					t.Errorf("response %q, icholy/digest says %q", got.Response, want.Response)
				}
			})
		}
	}
}

func TestDigestSession(t *testing.T) {
	// H(A1) is mixed with the nonces (RFC 7616 section 3.4.2).
	c := httpauth.DigestChallenge{Realm: "r", Nonce: "n", Algorithm: "md5-SESS", QOP: []httpauth.DigestQOP{"auth"}}
	got, err := c.Answer(httpauth.DigestAnswer{Username: "u", Password: "p", Method: "GET", URI: "/", CNonce: "c"})
	if err != nil {
		t.Fatal(err)
	}
	md5 := func(s string) string { return httpauth.DigestMD5.Hash([]byte(s)) }
	want := md5(md5(md5("u:r:p")+":n:c") + ":n:00000001:c:auth:" + md5("GET:/"))
	if got.Response != want {
		t.Errorf("response %s, want %s", got.Response, want)
	}
	if got.Algorithm != "md5-SESS" || got.Algorithm.Canonical() != httpauth.DigestMD5Sess || got.Algorithm.Base() != httpauth.DigestMD5 {
		t.Errorf("algorithm %s", got.Algorithm)
	}
	info := httpauth.DigestInfo{QOP: "auth", CNonce: "c", NC: got.NC, RspAuth: got.ComputeRspAuth(md5("u:r:p"), "")}
	if want := md5(md5(md5("u:r:p")+":n:c") + ":n:00000001:c:auth:" + md5(":/")); info.RspAuth != want {
		t.Errorf("rspauth %s, want %s", info.RspAuth, want)
	}
	if !info.Is(got, md5("u:r:p"), "") || info.Is(got, md5("u:r:q"), "") {
		t.Error("rspauth is not judged by the password")
	}
	if want := `rspauth="` + info.RspAuth + `", qop=auth, cnonce="c", nc=00000001`; info.Info().String() != want {
		t.Errorf("printed %s", info.Info())
	}
}

func TestParseDigestChallenge(t *testing.T) {
	tests := []struct {
		name, in        string
		strict, lenient httpauth.FindingID // "" for a challenge that is handed out
	}{
		{"complete", `Digest realm="r", domain="/a /b", nonce="n", opaque="o", stale=TRUE, algorithm=SHA-256, qop="auth, new", charset=utf-8, userhash=true`, "", ""},
		{"rfc 2069", `Digest realm="r", nonce="n"`, httpauth.IDDigestQopMissing, ""},
		{"empty qop", `Digest realm="r", nonce="n", qop=""`, httpauth.IDDigestQopUnknown, ""},
		{"unknown qop", `Digest realm="r", nonce="n", qop="new"`, httpauth.IDDigestQopUnknown, httpauth.IDDigestQopUnknown},
		{"no realm", `Digest nonce="n", qop="auth"`, httpauth.IDDigestRealmMissing, httpauth.IDDigestRealmMissing},
		{"no nonce", `Digest realm="r", qop="auth"`, httpauth.IDDigestNonceMissing, httpauth.IDDigestNonceMissing},
		{"empty nonce", `Digest realm="r", nonce="", qop="auth"`, httpauth.IDDigestNonceMissing, ""},
		{"sha-512", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA-512`, httpauth.IDDigestAlgorithmUnknown, ""},
		{"sha-1", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA`, httpauth.IDDigestAlgorithmUnknown, httpauth.IDDigestAlgorithmUnknown},
		{"token68", `Digest abc`, httpauth.IDDigestRealmMissing, httpauth.IDDigestRealmMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := httpauth.ParseChallenges([]string{tt.in}, httpauth.Lenient).Challenges[0]
			for mode, want := range []httpauth.FindingID{tt.strict, tt.lenient} {
				d, err := httpauth.ParseDigestChallenge(c, httpauth.Mode(mode))
				if got := kindOf(err); got != want || (err != nil && d.Realm+d.Nonce != "") {
					t.Errorf("mode %d: %+v, %q, want %q", mode, d, got, want)
				}
			}
		})
	}
	if _, err := httpauth.ParseDigestChallenge(httpauth.Basic("r"), httpauth.Strict); !errors.Is(err, httpauth.ErrOtherScheme) {
		t.Errorf("Basic: %v", err)
	}
	got := challengeOf(t, tests[0].in, httpauth.Strict)
	want := httpauth.DigestChallenge{Realm: "r", Domain: []string{"/a", "/b"}, Nonce: "n", Opaque: "o", Stale: true, Algorithm: "SHA-256",
		QOP: []httpauth.DigestQOP{"auth"}, UTF8: true, UserHash: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := `Digest realm="r", domain="/a /b", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth", charset=UTF-8, userhash=true`; got.Challenge().String() != s {
		t.Errorf("printed %s", got.Challenge())
	}
}

func kindOf(err error) httpauth.FindingID {
	var bad *httpauth.DigestError
	if errors.As(err, &bad) {
		return bad.Kind
	}
	if err != nil {
		return "other"
	}
	return ""
}

func TestParseDigest(t *testing.T) {
	const (
		hex  = "0123456789abcdef0123456789abcdef"
		head = `Digest username="a", realm="r", nonce="n", uri="/", `
		rest = `response="` + hex + `", qop=auth, nc=00000001, cnonce="c"`
	)
	tests := []struct {
		name, in        string
		strict, lenient httpauth.FindingID
	}{
		{"complete", head + rest, "", ""},
		{"rfc 2069", head + `response="` + hex + `"`, httpauth.IDDigestIncomplete, ""},
		{"rfc 2069 with session", head + `algorithm=MD5-sess, response="` + hex + `"`, httpauth.IDDigestIncomplete, httpauth.IDDigestIncomplete},
		{"upper case response", head + `response="` + strings.ToUpper(hex) + rest[len(`response="`)+32:], httpauth.IDDigestResponse, ""},
		{"short nc", head + strings.Replace(rest, "00000001", "1", 1), httpauth.IDDigestNonceCount, ""},
		{"long nc", head + strings.Replace(rest, "00000001", "000000001", 1), httpauth.IDDigestNonceCount, httpauth.IDDigestNonceCount},
		{"no hex nc", head + strings.Replace(rest, "00000001", "0000000g", 1), httpauth.IDDigestNonceCount, httpauth.IDDigestNonceCount},
		{"upper nc", head + strings.Replace(rest, "00000001", "0000000A", 1), "", ""},
		{"no nc", head + `response="` + hex + `", qop=auth, cnonce="c"`, httpauth.IDDigestIncomplete, httpauth.IDDigestIncomplete},
		{"no cnonce", head + `response="` + hex + `", qop=auth, nc=00000001`, httpauth.IDDigestIncomplete, httpauth.IDDigestIncomplete},
		{"qop list", head + strings.Replace(rest, "auth", `"auth,auth-int"`, 1), httpauth.IDDigestQopChosen, httpauth.IDDigestQopChosen},
		{"response of another algorithm", head + "algorithm=SHA-256, " + rest, httpauth.IDDigestResponse, httpauth.IDDigestResponse},
		{"algorithm", head + "algorithm=SHA, " + rest, httpauth.IDDigestAlgorithmUnknown, httpauth.IDDigestAlgorithmUnknown},
		{"username twice", head + "username*=UTF-8''a, " + rest, httpauth.IDDigestUsernameTwice, httpauth.IDDigestUsernameTwice},
		{"no username", "Digest" + head[len(`Digest username="a",`):] + rest, httpauth.IDDigestIncomplete, httpauth.IDDigestIncomplete},
		{"username*", `Digest username*=utf-8'en'J%C3%A4s%c3%b8n%20Doe, realm="r", nonce="n", uri="/", ` + rest, "", ""},
		{"username* bad escape", `Digest username*=UTF-8''%g0, realm="r", nonce="n", uri="/", ` + rest, httpauth.IDDigestUsernameExt, httpauth.IDDigestUsernameExt},
		{"username* no UTF-8", `Digest username*=UTF-8''%ff, realm="r", nonce="n", uri="/", ` + rest, httpauth.IDDigestUsernameExt, httpauth.IDDigestUsernameExt},
		{"username* with hash", `Digest userhash=true, username*=UTF-8''a, realm="r", nonce="n", uri="/", ` + rest, httpauth.IDDigestUsernameExt, httpauth.IDDigestUsernameExt},
		{"token68", "Digest abc", httpauth.IDDigestIncomplete, httpauth.IDDigestIncomplete},
		{"syntax", `Digest a="`, "other", "other"},
		{"other scheme", "Basic abc", "other", "other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for mode, want := range []httpauth.FindingID{tt.strict, tt.lenient} {
				d, err := httpauth.ParseDigest(tt.in, httpauth.Mode(mode))
				if got := kindOf(err); got != want || err != nil && d != (httpauth.DigestCredentials{}) {
					t.Errorf("mode %d: %v, want %q", mode, err, want)
				}
			}
		})
	}
	d, err := httpauth.ParseDigest(tests[15].in, httpauth.Strict)
	if err != nil || d.Username != "Jäsøn Doe" || !strings.HasPrefix(d.Value(), "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm=") {
		t.Errorf("username* is read as %q and printed as %s: %v", d.Username, d.Value(), err)
	}
	for _, s := range []string{fmt.Sprint(d), fmt.Sprintf("%#v", d), fmt.Sprintf("%+v", &d)} {
		if strings.Contains(s, hex) || strings.Contains(s, "Doe") {
			t.Errorf("printed as %s", s)
		}
	}
}

func TestDigestAnswerErrors(t *testing.T) {
	auth := []httpauth.DigestQOP{"auth"}
	tests := []struct {
		name string
		c    httpauth.DigestChallenge
		a    httpauth.DigestAnswer
		want httpauth.FindingID
	}{
		{"no cnonce", httpauth.DigestChallenge{QOP: auth}, httpauth.DigestAnswer{}, httpauth.IDDigestIncomplete},
		{"not offered", httpauth.DigestChallenge{QOP: auth}, httpauth.DigestAnswer{QOP: "auth-int", CNonce: "c"}, httpauth.IDDigestQopUnknown},
		{"algorithm", httpauth.DigestChallenge{Algorithm: "SHA"}, httpauth.DigestAnswer{CNonce: "c"}, httpauth.IDDigestAlgorithmUnknown},
		{"fine", httpauth.DigestChallenge{QOP: auth}, httpauth.DigestAnswer{CNonce: "c"}, ""},
	}
	for _, tt := range tests {
		if _, err := tt.c.Answer(tt.a); kindOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
