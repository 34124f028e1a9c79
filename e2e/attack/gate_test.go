package attack

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// secret is what the issuer of the tests signs with.
const secret = "a secret that has thirty-two octets and more"

// rules are what most tests stand before: a public and a private part, an API
// where reading is open and deleting is not, a host for administrators, and proof
// for all the rest.
const rules = `
methods:
  key: {type: api-key, query: api_key, cookie: api_key, header: X-API-Key}
  partner: {type: bearer, issuer: "https://idp.example", audience: api, secret: "` + secret + `"}
rules:
  - {path: "/public/**", allow: anyone}
  - {path: "/status", allow: anyone}
  - {path: "/items/**", verbs: [GET], allow: anyone}
  - {path: "/items/**", verbs: [POST], methods: [partner]}
  - {path: "/items/**", groups: [admin], methods: [partner]}
  - {host: admin.example, path: "/**", groups: [admin], methods: [partner]}
  - {path: "/strict", scopes: ["strict"], methods: [partner]}
identity:
  headers: {Gate401-Subject: subject, Gate401-Groups: groups, Remote-User: subject, Remote-Groups: groups, X-Auth-User: subject, X-Auth-Scopes: scopes}
log: {format: json}
`

// gate is a running gate401 in front of a recorder.
type gate struct {
	*program.Process
	t    testing.TB
	dir  string
	addr string
	api  *recorder
}

// newGate starts one. head goes into the section gate, rest is what follows it.
func newGate(t testing.TB, head, rest string) *gate {
	t.Helper()
	g := &gate{t: t, dir: t.TempDir(), api: newRecorder(t)}
	file := `gate: {listen: "127.0.0.1:0", upstream: "http://` + g.api.addr + `", realm: api` + head + "}\nadmin: {listen: \"127.0.0.1:0\"}\n" + rest
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Process = program.Start(t, binary, g.dir, "serve", "-c", "gate401.yaml")
	g.addr, _ = g.Ready["listen"].(string)
	return g
}

// command runs gate401 to its end, in the gate's folder.
func (g *gate) command(stdin string, args ...string) string {
	g.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// token is good for the private part.
func token(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	head := enc([]byte(`{"alg":"HS256","typ":"at+jwt"}`)) + "." + enc([]byte(claims))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(head))
	return head + "." + enc(m.Sum(nil))
}

// claims are those of a token for alice, with more put in.
func claims(more string) string {
	return fmt.Sprintf(`{"iss":"https://idp.example","aud":"api","sub":"alice","exp":%d%s}`, time.Now().Add(time.Hour).Unix(), more)
}

// answer is one answer as it came from the wire.
type answer struct {
	*http.Response
	Body string
}

// raw sends octets and reads the first answer. The connection is closed by the
// server where it ends it, else by us.
func (g *gate) raw(octets string) (answer, error) {
	all, err := g.pipeline(octets, 1)
	if len(all) == 0 {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return answer{}, err
	}
	return all[0], nil
}

// send is raw that must be answered; lines end with \n in what is given.
func (g *gate) send(t testing.TB, text string) answer {
	t.Helper()
	a, err := g.raw(strings.ReplaceAll(text, "\n", "\r\n"))
	if err != nil {
		t.Fatalf("%.300q: %v", text, err)
	}
	return a
}

// get is a GET of a target with fields.
func (g *gate) get(t testing.TB, target string, fields ...string) answer {
	t.Helper()
	return g.send(t, "GET "+target+" HTTP/1.1\nHost: api.example\n"+lines(fields)+"\n")
}

func lines(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, "\n") + "\n"
}

// pipeline sends octets and reads up to n answers.
func (g *gate) pipeline(octets string, n int) (out []answer, err error) {
	c, err := net.DialTimeout("tcp", g.addr, program.Patience)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(program.Patience))
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(c, octets) // ends with the connection
	}()
	method, _, _ := strings.Cut(octets, " ")
	r := bufio.NewReader(c)
	for range n {
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return out, err
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		_ = res.Body.Close()
		out = append(out, answer{res, string(body)})
		if err != nil || res.Close || len(out) == n {
			return out, nil
		}
		// Nothing more comes: who waits for the rest of a request learns that.
		<-written
		_ = c.(*net.TCPConn).CloseWrite()
	}
	return out, nil
}

// untouched fails if anything reached the API, or anything that is no request.
func (g *gate) untouched(t testing.TB, what string) {
	t.Helper()
	for _, q := range g.api.all() {
		t.Errorf("%s: the API got %s %s\n%s", what, q.Method, q.Target, strings.Join(q.Lines, "\n"))
	}
	g.clean(t)
}

// clean fails if the API got octets that are no request, or the gate broke.
func (g *gate) clean(t testing.TB) {
	t.Helper()
	for _, odd := range g.api.oddities() {
		t.Errorf("the API got %s", odd)
	}
	if log := g.Stderr.String(); strings.Contains(log, "panic") {
		t.Errorf("something panicked:\n%s", log)
	}
}
