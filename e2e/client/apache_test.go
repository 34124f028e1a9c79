//go:build linux

package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/e2e/foreign"
)

func TestApache(t *testing.T) {
	t.Parallel()
	srv := foreign.Apache(t)
	p := somebody(t)
	right, plain, wrong := "GATE401_PASSWORD="+foreign.Password, "GATE401_PASSWORD="+foreign.PlainPassword, "GATE401_PASSWORD=wrong"
	basic, digest := srv.URL+"/basic/ok.txt", srv.URL+"/digest/ok.txt?a=b%20c&d"
	for _, row := range []called{
		{"basic", []string{right}, []string{"--basic", foreign.User, basic}, "Basic 200", "", ""},
		{"digest", []string{plain}, []string{"--digest", foreign.User, digest}, "401, Digest 200", "", ""},
		{"digest with a body", []string{plain}, []string{"--digest", foreign.User, "-d", "a=b", srv.URL + "/digest/ok.txt"}, "401, Digest 200", "", ""},
		{"digest or basic", []string{plain}, []string{"--digest", foreign.User, "--basic", foreign.User, digest}, "401, Digest 200", "", ""},
		{"nothing", nil, []string{basic}, "401", "credentials-missing credentials-missing", "the server takes Basic"},
		{"a token", nil, []string{"--bearer", "abc", basic}, "Bearer 401", "scheme-unsupported scheme-mismatch", "The request says Bearer, the server asks for Basic"},
		{"basic for digest", []string{plain}, []string{"--basic", foreign.User, digest}, "Basic 401", "scheme-unsupported scheme-mismatch", "the server asks for Digest"},
		{"digest for basic", []string{right}, []string{"--digest", foreign.User, basic}, "401", "credentials-missing credentials-missing", "the server takes Basic"},
	} {
		row.test(t, p)
	}
	t.Run("one attempt", func(t *testing.T) {
		f := before(t, srv.URL)
		for _, row := range []struct{ flag, path, rule, want string }{
			{"--basic", "/basic/ok.txt", "basic-refused", "Basic"},
			{"--digest", "/digest/ok.txt", "digest-refused", "- Digest"},
		} {
			c := p.with(wrong).call(t, row.flag, foreign.User, f.URL+row.path)
			if got := f.credentials(); got != row.want || c.reason() != "credentials-invalid "+row.rule {
				t.Errorf("%s: the server saw %s, want %s; %v", row.flag, got, row.want, c.ran)
			}
			c.ran.says(t, 1, "gate401: error: 401 Unauthorized", "gate401: hint: Check the name and the password; the same ones are not sent again.")
		}
	})
	t.Run("the body and the words", func(t *testing.T) {
		r := p.with(right).run(t, "call", "-v", "--basic", foreign.User, basic)
		if r.out != "ok basic\n" || strings.Contains(r.err, "wörd") {
			t.Error(r)
		}
		r.says(t, 0, "sent: Basic (the password may be sent unasked here) got: 200 OK in")
		p.with(wrong).run(t, "call", "--basic", foreign.User, basic).says(t, 1,
			"The server knows no such name with that password (credentials-invalid)", "the password was refused and is not sent again")
	})
	for _, row := range []explained{
		{"nothing sent", []string{basic}, "credentials-missing credentials-missing client certain", "", `-u "$NAME:$PASSWORD"`},
		{"right", []string{"-u", foreign.User + ":" + foreign.Password, basic}, "fine", "", ""},
		{"wrong password", []string{"-u", foreign.User + ":wrong", basic}, "basic-refused credentials-invalid client likely", "", "-u alice"},
		{"double encoded", []string{"-H", "Authorization: Basic WVd4cFkyVTZjR0U2YzNNZ2Q4TzJjbVE9", basic}, "basic-double-encoded basic-malformed client certain", "", ""},
		{"line end", []string{"-H", "Authorization: Basic YWxpY2U6cGE6c3Mgd8O2cmQK", basic}, "basic-line-end basic-malformed client certain", "", ""},
		{"a token", []string{"-H", "Authorization: Bearer abc", basic}, "scheme-mismatch scheme-unsupported client likely", "", "-u "},
		{"basic for digest", []string{"-u", foreign.User + ":" + foreign.PlainPassword, digest}, "scheme-mismatch scheme-unsupported client likely", "digest-md5", "--digest -u"},
		{"an old answer", []string{"-H", `Authorization: Digest username="alice", realm="apache digest", nonce="rcM9eMpgBgA=56975a67b7a969aa0e6d022becd1e692c3698bd3", uri="/digest/ok.txt", algorithm=MD5, response="6629fae49393a05397450978507c4ef1", qop=auth, nc=00000001, cnonce="0a4f113b"`, srv.URL + "/digest/ok.txt"},
			"digest-refused credentials-invalid client likely", "", "--digest"},
	} {
		row.test(t, p)
	}
}

// The nonces live for one second: nobody is asked when one is over.
func TestApacheNonces(t *testing.T) {
	t.Parallel()
	srv := foreign.Apache(t)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	var steps []string
	tr := &client.Transport{Base: base, Logins: []client.Login{{
		Origins: []string{srv.URL}, Digest: &client.Digest{User: foreign.User, Password: foreign.PlainPassword, Mutual: true},
	}}}
	defer tr.Close()
	stale := 0
	tr.Observe = func(e client.Event) {
		steps = append(steps, e.Sent)
		if e.Response != nil && strings.Contains(e.Response.Header.Get("WWW-Authenticate"), "stale=true") {
			stale++
		}
		if e.Denied != nil {
			t.Error(e.Denied)
		}
	}
	c := &http.Client{Transport: tr}
	for i := range 9 {
		pause := 250 * time.Millisecond // the server hands out the next nonce in time
		if i >= 7 {
			pause = 2100 * time.Millisecond // it cannot
		}
		time.Sleep(pause)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/digest/ok.txt", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			err = client.Check(resp)
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(body) != "ok digest\n" {
			t.Fatalf("%q, %v", body, err)
		}
	}
	if stale < 2 {
		t.Errorf("%d nonces ran out: %q", stale, steps)
	}
	for i, sent := range steps {
		if (sent == "") != (i == 0) {
			t.Error("only the first request may come without an answer:", steps)
		}
	}
}
