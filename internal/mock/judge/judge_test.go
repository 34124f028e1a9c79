package judge_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/reason"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// record makes a journal: every entry begins a second after the one before, and
// takes half of one.
type record []journal.Entry

func (r *record) add(method, target, authorization string, status int, edit ...func(*journal.Entry)) {
	e := journal.Entry{
		ID: int64(len(*r) + 1), Time: start.Add(time.Duration(len(*r)) * time.Second), Took: 500 * time.Millisecond,
		Host: "127.0.0.1:8403", Method: method, Target: target, Status: status,
		Header: http.Header{}, ResponseHeader: http.Header{},
	}
	if authorization != "" {
		e.Header.Set("Authorization", authorization)
	}
	for _, f := range edit {
		f(&e)
	}
	*r = append(*r, e)
}

func (r *record) login(access, refresh string) {
	r.add("POST", "/s/a/login", "", 200, func(e *journal.Entry) {
		e.ResponseBody = fmt.Appendf(nil, `{"access_token":%q,"refresh_token":%q}`, access, refresh)
	})
}

// refresh redeems; an empty access means that it failed with status.
func (r *record) refresh(redeems string, status int, access, refresh string, edit ...func(*journal.Entry)) {
	r.add("POST", "/s/a/token", "", status, append([]func(*journal.Entry){func(e *journal.Entry) {
		e.Body = []byte("grant_type=refresh_token&refresh_token=" + redeems)
		if access != "" {
			e.ResponseBody = fmt.Appendf(nil, `{"access_token":%q,"refresh_token":%q}`, access, refresh)
		}
	}}, edit...)...)
}

func challenge(fields ...string) func(*journal.Entry) {
	return func(e *journal.Entry) { e.ResponseHeader["Www-Authenticate"] = fields }
}

func because(code reason.Code) func(*journal.Entry) {
	return func(e *journal.Entry) { e.Reason = code }
}

func at(host string, tls bool) func(*journal.Entry) {
	return func(e *journal.Entry) { e.Host, e.TLS = host, tls }
}

// during moves an entry to the time of another, so that they overlap.
func during(other int64) func(*journal.Entry) {
	return func(e *journal.Entry) {
		e.Time = start.Add(time.Duration(other-1)*time.Second + 100*time.Millisecond)
	}
}

// fast makes an entry the nth of requests that follow each other within a
// millisecond, each on a connection of its own.
func fast(n int) func(*journal.Entry) {
	return func(e *journal.Entry) {
		e.Client = fmt.Sprint("127.0.0.1:", n)
		e.Time, e.Took = start.Add(time.Second+time.Duration(n)*time.Millisecond), 500*time.Microsecond
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func digest(nonce, nc, algorithm string) string {
	response := strings.Repeat("0", httpauth.DigestAlgorithm(algorithm).HexLen())
	return fmt.Sprintf(`Digest username="a", realm="r", nonce=%q, uri="/x", algorithm=%s, qop=auth, nc=%s, cnonce="c", response=%q`, nonce, algorithm, nc, response)
}

const get, orders = "GET", "/s/a/api/orders"

func TestEntries(t *testing.T) {
	expired := because(reason.TokenExpired)
	asksBasic := challenge(`Basic realm="orders"`)
	tests := []struct {
		name string
		do   func(*record)
		want []judge.RuleID
	}{
		{"nothing", func(*record) {}, nil},
		{"refresh once and repeat once", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 200)
			r.add(get, orders, "Bearer a1", 401, expired)
			r.refresh("r1", 200, "a2", "r2")
			r.add(get, orders, "Bearer a2", 200)
		}, nil},
		{"many at once, one refresh", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired)
			r.add(get, orders, "Bearer a1", 401, expired, during(2))
			r.add(get, orders, "Bearer a1", 401, expired, during(2))
			r.refresh("r1", 200, "a2", "r2")
			r.add(get, orders, "Bearer a2", 200)
			r.add(get, orders, "Bearer a2", 200, during(6))
		}, nil},
		{"ahead of expiry", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 200)
			r.refresh("r1", 200, "a2", "r2")
			r.add(get, orders, "Bearer a2", 200)
		}, nil},
		{"gives up with a good error", func(r *record) {
			r.add(get, orders, "", 401, asksBasic)
			r.add(get, orders, basic("a", "wrong"), 401, asksBasic)
		}, nil},
		{"two passwords for two realms", func(r *record) {
			r.add(get, "/x", basic("a", "p"), 401, challenge(`Basic realm="x"`))
			r.add(get, "/y", basic("a", "p"), 401, challenge(`Basic realm="y"`))
		}, nil},
		{"password again", func(r *record) {
			r.add(get, orders, basic("a", "wrong"), 401, asksBasic)
			r.add(get, orders, basic("a", "wrong"), 401, asksBasic)
		}, []judge.RuleID{judge.PasswordRepeated}},
		{"password for a token server", func(r *record) {
			r.add(get, orders, "", 401, challenge(`Bearer realm="orders"`))
			r.add(get, orders, basic("a", "p"), 401, challenge(`Bearer realm="orders"`))
		}, []judge.RuleID{judge.PasswordUnasked}},
		{"token again", func(r *record) {
			r.add(get, orders, "Bearer a1", 401)
			r.add(get, "/s/a/api/me", "Bearer a1", 401)
		}, []judge.RuleID{judge.TokenRepeated}},
		{"never stops", func(r *record) {
			for i := range 6 {
				r.add(get, orders, fmt.Sprintf("Bearer a%d", i), 401)
			}
		}, []judge.RuleID{judge.KeptAsking}},
		{"stampede", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired)
			r.refresh("r1", 200, "a2", "r2")
			r.refresh("r1", 400, "", "", during(3))
			r.add(get, orders, "Bearer a2", 200)
		}, []judge.RuleID{judge.RefreshStampede}},
		{"old refresh token", func(r *record) {
			r.login("a1", "r1")
			r.refresh("r1", 200, "a2", "r2")
			r.refresh("r1", 400, "", "")
		}, []judge.RuleID{judge.RefreshTokenReused}},
		{"refused refresh token", func(r *record) {
			r.refresh("r1", 400, "", "")
			r.refresh("r1", 400, "", "")
		}, []judge.RuleID{judge.RefreshTokenReused}},
		{"sequential, on new connections, fast", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired, fast(2))
			r.refresh("r1", 200, "a2", "r2", fast(3))
			r.add(get, orders, "Bearer a2", 200, fast(4))
		}, nil},
		{"sequential reuse is no stampede", func(r *record) {
			r.login("a1", "r1")
			r.refresh("r1", 200, "a2", "r2", fast(2))
			r.refresh("r1", 400, "", "", fast(3))
		}, []judge.RuleID{judge.RefreshTokenReused}},
		{"lost answer, asked again", func(r *record) {
			r.login("a1", "r1")
			r.refresh("r1", 0, "", "")
			r.refresh("r1", 200, "a2", "r2")
		}, nil},
		{"failed once, asked again", func(r *record) {
			r.login("a1", "r1")
			r.refresh("r1", 503, "", "")
			r.refresh("r1", 200, "a2", "r2")
		}, nil},
		{"refreshes for ever", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired)
			r.refresh("r1", 200, "a2", "r2")
			r.add(get, orders, "Bearer a2", 401)
			r.refresh("r2", 200, "a3", "r3")
			r.add(get, orders, "Bearer a3", 401)
		}, []judge.RuleID{judge.RefreshLoop}},
		{"refresh for 403", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 403)
			r.refresh("r1", 200, "a2", "r2")
		}, []judge.RuleID{judge.RefreshForForbidden}},
		{"never refreshes", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired)
		}, []judge.RuleID{judge.NotRefreshed}},
		{"does not repeat", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 401, expired)
			r.refresh("r1", 200, "a2", "r2")
		}, []judge.RuleID{judge.NotRepeated}},
		{"old token", func(r *record) {
			r.login("a1", "r1")
			r.refresh("r1", 200, "a2", "r2")
			r.add(get, orders, "Bearer a1", 200)
		}, []judge.RuleID{judge.OldTokenUsed}},
		{"throws the token away", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 503)
			r.login("a2", "r2")
		}, []judge.RuleID{judge.TokenThrownAway}},
		{"logs in and in", func(r *record) {
			for i := range 3 {
				r.login(fmt.Sprint("a", i), fmt.Sprint("r", i))
			}
		}, []judge.RuleID{judge.LoginLoop}},
		{"does not wait", func(r *record) {
			wait := func(e *journal.Entry) { e.ResponseHeader.Set("Retry-After", "30") }
			r.add(get, orders, "", 429, wait)
			r.add(get, orders, "", 200)
		}, []judge.RuleID{judge.AskedDuringPause}},
		{"waits", func(r *record) {
			wait := func(e *journal.Entry) { e.ResponseHeader.Set("Retry-After", "2"); e.Took = 0 }
			r.add(get, orders, "", 429, wait)
			r.add(get, "/other", "", 200)
			r.add(get, orders, "", 200)
		}, nil},
		{"another host", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders, "Bearer a1", 302)
			r.add(get, "/elsewhere", "Bearer a1", 200, at("localhost:8403", false))
		}, []judge.RuleID{judge.CredentialLeaked}},
		{"another port, Digest", func(r *record) {
			r.add(get, "/x", digest("n", "00000001", "SHA-256"), 302)
			r.add(get, "/x", digest("m", "00000001", "SHA-256"), 200, at("127.0.0.1:9", false))
		}, []judge.RuleID{judge.CredentialLeaked}},
		{"another host without the credential", func(r *record) {
			r.add(get, orders, "Bearer a1", 302)
			r.add(get, "/elsewhere", "", 200, at("localhost:8403", false))
		}, nil},
		{"down to http", func(r *record) {
			r.add(get, orders, "Bearer a1", 302, at("127.0.0.1:8403", true))
			r.add(get, orders, "Bearer a1", 200)
		}, []judge.RuleID{judge.CredentialInClear}},
		{"token in the query", func(r *record) {
			r.login("a1", "r1")
			r.add(get, orders+"?token=a1", "", 200)
		}, []judge.RuleID{judge.TokenInURL}},
		{"body lost", func(r *record) {
			r.login("a1", "r1")
			r.add("POST", orders, "Bearer a1", 401, expired, func(e *journal.Entry) { e.Body = []byte("{}") })
			r.refresh("r1", 200, "a2", "r2")
			r.add("POST", orders, "Bearer a2", 201)
		}, []judge.RuleID{judge.BodyLost}},
		{"digest counts up", func(r *record) {
			offer := challenge(`Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`)
			r.add(get, "/x", "", 401, offer)
			r.add(get, "/x", digest("n", "00000001", "SHA-256"), 200)
			r.add(get, "/x", digest("n", "00000002", "SHA-256"), 200)
		}, nil},
		{"digest count twice", func(r *record) {
			r.add(get, "/x", digest("n", "00000001", "SHA-256"), 200)
			r.add(get, "/x", digest("n", "00000001", "SHA-256"), 401)
		}, []judge.RuleID{judge.DigestCountRepeated}},
		{"digest stale nonce again", func(r *record) {
			r.add(get, "/x", digest("n", "00000001", "SHA-256"), 401, challenge(`Digest realm="r", nonce="m", stale=true, algorithm=SHA-256, qop="auth"`))
			r.add(get, "/x", digest("n", "00000002", "SHA-256"), 401)
		}, []judge.RuleID{judge.DigestStaleIgnored}},
		{"digest with MD5, which the server prefers", func(r *record) {
			r.add(get, "/x", "", 401, challenge(`Digest realm="r", nonce="n", algorithm=MD5, qop="auth"`, `Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`))
			r.add(get, "/x", digest("n", "00000001", "MD5"), 200)
		}, nil},
		{"digest with MD5", func(r *record) {
			r.add(get, "/x", "", 401, challenge(`Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`, `Digest realm="r", nonce="n", algorithm=MD5, qop="auth"`))
			r.add(get, "/x", digest("n", "00000001", "MD5"), 200)
		}, []judge.RuleID{judge.DigestWeaker}},
	}
	proved := map[judge.RuleID]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r record
			tt.do(&r)
			var got []judge.RuleID
			for _, f := range judge.Entries(r) {
				got = append(got, f.Rule)
				if len(f.Entries) == 0 || f.Message == "" {
					t.Errorf("%s proves nothing: %+v", f.Rule, f)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
		for _, id := range tt.want {
			proved[id] = true
		}
	}
	for _, r := range judge.Rules() {
		if !proved[r.ID] {
			t.Errorf("no case for %s", r.ID)
		}
	}
}
