package openid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// secret has what a form would change.
const secret = "a secret: 100% +&=/, and long enough for everybody"

// idp starts an independent provider for the gate at url, called name there.
func idp(t *testing.T, gate, name string, options map[string]any) *foreign.Server {
	t.Helper()
	all := map[string]any{"redirect": gate + "/auth/login/" + name + "/callback", "logout": gate + "/auth/logout", "secret": secret}
	for k, v := range options {
		all[k] = v
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return foreign.Node(t, "people.mjs", string(text))
}

// gate is a running gate401 in front of an API that says who asks.
type gate struct {
	*program.Process
	dir, url string
}

// serve starts one at an address, with more in its file, where SECRET is what proves
// the gate at its providers.
func serve(t *testing.T, address, more string) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		fmt.Fprintf(w, "%s hello %s of %s in %s, cookie %q\n", r.URL.RequestURI(), h.Get("Gate401-Subject"), h.Get("Gate401-Issuer"), h.Get("Gate401-Groups"), h.Get("Cookie"))
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	file := fmt.Sprintf(`
gate: {listen: %q, upstream: %q}
admin: {listen: "127.0.0.1:0"}
methods: {browser: {type: session}}
identity: {headers: {Gate401-Subject: subject, Gate401-Issuer: issuer, Gate401-Groups: groups}}
log: {format: json}
%s`, address, api.URL, strings.ReplaceAll(more, "SECRET", "${file:"+filepath.Join(dir, "secret.txt")+"}"))
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.txt"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &gate{dir: dir, url: "http://" + address, Process: program.Start(t, binary, dir, "serve", "-c", "gate401.yaml")}
}
