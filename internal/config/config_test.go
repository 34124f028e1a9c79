package config_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/config"
)

var update = flag.Bool("update", false, "rewrite what the files in testdata are expected to give")

const sharedSecret = "a secret of more than thirty-two octets"

// loader knows a fixed environment and one file.
func loader() *config.Loader {
	return &config.Loader{
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{
				"LISTEN": "127.0.0.1:9000", "UPSTREAM": "127.0.0.1:3000", "AUDIENCE": "from-outside",
				"LEVEL": "warn", "LEEWAY": "10s", "TYPE": "basic",
			}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path != "/run/secrets/shared" {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(sharedSecret + "\n"), nil
		},
	}
}

func faultsOf(err error) config.Faults {
	var faults config.Faults
	errors.As(err, &faults)
	return faults
}

func read(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	out := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = data
	}
	return out
}

// refused is what the published schema says of a file.
func refused(t testing.TB, data []byte) error {
	t.Helper()
	return refusedBy(compiled(t), data)
}

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func refusedBy(s *jsonschema.Schema, data []byte) error {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return err
	}
	if root.Kind == 0 || (root.Content[0].ShortTag() == "!!null" && root.Content[0].Value == "") {
		return nil
	}
	return s.Validate(plain(root.Content[0]))
}

// plain is a node as JSON has it.
func plain(n *yaml.Node) any {
	if n.Kind == yaml.SequenceNode {
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plain(c))
		}
		return list
	}
	if n.Kind == yaml.MappingNode {
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	}
	var v any
	if n.ShortTag() == "!!timestamp" || n.Decode(&v) != nil {
		return 0
	}
	return v
}

// Who may reach the one listener may not for that reach the other.
func TestAdminIsOpenedOnItsOwn(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"both on loopback", "admin: {listen: 'localhost:1'}", ""},
		{"gate open", "gate: {listen: '0.0.0.0:8401', dangerously_plain_http: true}", ""},
		{"gate open, admin too", "gate: {listen: '0.0.0.0:8401', dangerously_plain_http: true}\nadmin: {listen: '0.0.0.0:8402'}", "admin.listen"},
		{"admin open by the word for the gate", "gate: {dangerously_plain_http: true}\nadmin: {listen: ':8402'}", "admin.listen"},
		{"gate open by the word for admin", "gate: {listen: '[::]:8401'}\nadmin: {dangerously_open: true}", "gate.listen"},
		{"admin open", "admin: {listen: '192.0.2.1:8402', dangerously_open: true}", ""},
		{"both open", "gate: {listen: ':8401', dangerously_plain_http: true}\nadmin: {listen: ':8402', dangerously_open: true}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := loader().Load("gate401.yaml", []byte(test.file))
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			faults := faultsOf(err)
			if len(faults) != 1 || faults[0].Path != test.want || !strings.Contains(faults[0].Hint, "dangerously_") {
				t.Errorf("got %v, want one fault at %s with a hint", err, test.want)
			}
		})
	}
}

func TestValidFiles(t *testing.T) {
	files := read(t, "valid-*.yaml")
	files["example.yaml"] = config.Example()
	for name, data := range files {
		f, err := loader().Load(name, data)
		if err != nil {
			t.Errorf("%s", faultsOf(err).Detail())
			continue
		}
		if err := refused(t, data); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
		if err := f.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		shown := config.Show(f)
		if err := refused(t, shown); err != nil {
			t.Errorf("%s: the schema refuses what is shown of it: %v\n%s", name, err, shown)
		}
		again, err := loader().Load("shown", shown)
		if err != nil {
			t.Errorf("%s: what is shown does not load: %v\n%s", name, err, shown)
			continue
		}
		if diff := cmp.Diff(f, again, cmpopts.IgnoreUnexported(config.File{}), cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: what is shown is something else\n%s", name, diff)
		}
	}
}

func TestInvalidFiles(t *testing.T) {
	for name, data := range read(t, "invalid-*.yaml") {
		t.Run(name, func(t *testing.T) {
			f, err := loader().Load(name, data)
			var faults config.Faults
			if f != nil || !errors.As(err, &faults) {
				t.Fatalf("file %v, error %v", f, err)
			}
			verdict := "schema: accepts\n\n"
			if refused(t, data) != nil {
				verdict = "schema: refuses\n\n"
			}
			got := verdict + faults.Detail()
			for _, secret := range []string{"hunter2", sharedSecret, "from-outside", "12345678901234567890"} {
				if strings.Contains(got, secret) {
					t.Errorf("the faults hold the secret %q", secret)
				}
			}
			file := filepath.Join("testdata", strings.TrimSuffix(name, ".yaml")+".want")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsLoaded(t *testing.T) {
	f, err := loader().Load("f", read(t, "valid-elsewhere.yaml")["valid-elsewhere.yaml"])
	if err != nil {
		t.Fatal(err)
	}
	m, ok := f.Method("shared")
	if !ok || m.Bearer.Secret.Reveal() != sharedSecret || !cmp.Equal(m.Bearer.Audience, config.Audience{"orders", "from-outside"}) {
		t.Errorf("method %+v", m.Bearer)
	}
	if f.Gate.Listen != "127.0.0.1:9000" || f.Gate.Realm != "costs ${5}" || f.Log.Level != "warn" || f.Log.Format != "auto" {
		t.Errorf("gate %+v, log %+v", f.Gate, f.Log)
	}
	shown := string(config.Show(f))
	for _, secret := range []string{sharedSecret, "from-outside", "9000"} {
		if strings.Contains(shown, secret) {
			t.Errorf("shown: %q", secret)
		}
	}
	for _, s := range []string{fmt.Sprint(f), fmt.Sprintf("%+v", *f), fmt.Sprintf("%#v", m.Bearer)} {
		if strings.Contains(s, sharedSecret) {
			t.Errorf("printed: %s", s)
		}
	}

	f, err = loader().Load("f", read(t, "valid-rest.yaml")["valid-rest.yaml"])
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(f.Gate.TrustedProxies, f.Default.Addresses); got != "[2001:db8::1/128 10.0.0.0/8] [10.0.0.1/32 2001:db8::/32]" {
		t.Error(got)
	}
	want := config.Defend{
		Account:        config.Limit{Attempts: 5, Window: 24 * time.Hour},
		Address:        config.Limit{Attempts: 100, Window: 15 * time.Minute},
		AddressAccount: config.Limit{Attempts: 10, Window: time.Hour},
		Block:          f.Defend.Block,
	}
	if diff := cmp.Diff(want, f.Defend, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if k, _ := f.Method("key"); k.APIKey.Header != "" || k.APIKey.Environment != "live" {
		t.Errorf("key %+v", k.APIKey)
	}
	if !f.Rules[0].CORS.Upstream || f.Rules[2].Allow != "nobody" || f.Methods[0].Name != "staff" || f.Identity.Headers["Remote-User"] != "subject" {
		t.Errorf("%s", f)
	}
}

func TestNoFile(t *testing.T) {
	f, err := config.Load("none", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), f, cmpopts.IgnoreUnexported(config.File{}), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if err := config.Default().Check(); err != nil {
		t.Error(err)
	}
	f, err = config.Load("realm", []byte("gate: {realm: orders}"))
	if err != nil {
		t.Fatal(err)
	}
	if own, _ := f.Method("own"); own.Bearer.Audience[0] != "orders" {
		t.Errorf("own tokens are for %q", own.Bearer.Audience)
	}
	if path, ok := f.Storage.SQLite(); !ok || path != "gate401.db" {
		t.Errorf("storage %q", path)
	}
}

func TestRefusedAsAWhole(t *testing.T) {
	for _, tt := range []struct {
		name string
		data string
		want string
	}{
		{"large", "#" + strings.Repeat("x", config.MaxSize), "f: the file has more than 1048576 octets"},
		{"latin 1", "gate:\n  realm: caf\xe9\n", "f:2:13: the file is not UTF-8"},
		{"utf-16", "\xff\xfeg\x00", "f:1:1: the file is not UTF-8"},
		{"null", "null", "f:1:1: there is no value"},
		{"deep", strings.Repeat("[", 100000), "f: exceeded max depth of 10000"},
		{"bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "f:1:4: anchors and aliases are not supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := config.Load("f", []byte(tt.data))
			if f != nil || err == nil {
				t.Fatalf("file %v, error %v", f, err)
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if first != tt.want {
				t.Errorf("%s, want %s", first, tt.want)
			}
		})
	}
}

func TestKeysCannotCommandTheTerminal(t *testing.T) {
	_, err := config.Load("f", []byte(`"\e[2Jx": {}`+"\n"))
	if got := err.Error(); got != `f:1:1: "\x1b[2Jx": unknown key` {
		t.Errorf("%q", got)
	}
}

func TestManyFaultsAreBounded(t *testing.T) {
	_, err := config.Load("f", []byte("rules:\n"+strings.Repeat("- {pth: x}\n", 1000)))
	faults := faultsOf(err)
	if len(faults) == 0 || len(faults) > 120 {
		t.Errorf("%d faults", len(faults))
	}
	if last := faults[len(faults)-1]; last.Message != "there are more faults, which are not shown" {
		t.Error(last)
	}
}

func TestFaultFindsItsPlace(t *testing.T) {
	f, err := config.Load("f", []byte("rules:\n- path: /a\n  groups: [g]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"rules[0].groups":  "f:3:11: rules[0].groups: no",
		"rules[0].max_age": "f:2:3: rules[0].max_age: no",
		"default.methods":  "f: default.methods: no",
	} {
		if got := f.Fault(path, "no", "").Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := config.Default().Fault("gate.listen", "no", "").Error(); got != "gate.listen: no" {
		t.Error(got)
	}
	f.Gate.Upstream = "nonsense"
	if err := f.Check(); err == nil || !strings.HasPrefix(err.Error(), "f: gate.upstream: the URL begins") {
		t.Error(err)
	}
}

func TestSnippetHidesSecrets(t *testing.T) {
	for _, tt := range []struct{ line, hidden string }{
		{`{type: bearer, secret: hunter2, isuer: a}`, "hunter2"},
		{`{type: bearer, secert: "hunter2", isuer: a}`, "hunter2"},
		{`{type: bearer, client_secret: 'hunter2'}`, "hunter2"},
		{`{type: bearer, password_: hunter2}`, "hunter2"},
		{`{type: bearer, "secret": hunter2, x: y}`, "hunter2"},
		{`{type: bearer, secret: [hunter2]}`, "hunter2"},
		{`{type: bearer, jwks: "https://me:hunter2@a.example/k", x: 1}`, "hunter2"},
	} {
		_, err := config.Load("f", []byte("methods:\n  m: "+tt.line+"\n"))
		faults := faultsOf(err)
		detail := faults.Detail()
		if strings.Contains(detail, tt.hidden) {
			t.Errorf("%s gives\n%s", tt.line, detail)
		}
		if !strings.Contains(detail, "[redacted]") {
			t.Errorf("no line is shown:\n%s", detail)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 1<<17), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good")
	if err := os.WriteFile(good, []byte("orders\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, "/dev/zero", large, filepath.Join(dir, "none")} {
		if f, err := config.Load("f", []byte("gate: {realm: \"${file:"+path+"}\"}")); err == nil || f != nil {
			t.Errorf("%s was read", path)
		}
	}
	f, err := config.Load("f", []byte("gate: {realm: \"${file:"+good+"}\"}"))
	if err != nil || f.Gate.Realm != "orders" {
		t.Errorf("%v, %v", f, err)
	}
}

func TestExampleShowsEveryKey(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any
		} `yaml:"$defs"`
	}
	if err := yaml.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	example := string(config.Example())
	n := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if p, ok := v["properties"].(map[string]any); ok {
				for key := range p {
					n++
					if !strings.Contains(example, key+":") {
						t.Errorf("the example does not show %s", key)
					}
				}
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	var root any
	if err := yaml.Unmarshal(config.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	walk(root)
	if n < 60 {
		t.Errorf("only %d keys were found in the schema", n)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"valid-*.yaml", "invalid-*.yaml"} {
		for _, data := range read(f, pattern) {
			f.Add(data)
		}
	}
	f.Add(config.Example())
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := loader().Load("f", data)
		if (err == nil) == (file == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil {
			faults := faultsOf(err)
			if len(faults) == 0 || faults.Detail() == "" {
				t.Fatalf("error %T %v", err, err)
			}
			if strings.Contains(faults.Detail(), sharedSecret) {
				t.Fatal("the faults hold a secret")
			}
			return
		}
		if err := refusedBy(schema, data); err != nil {
			t.Fatalf("it loads, and the schema refuses it: %v", err)
		}
		again, err := loader().Load("shown", config.Show(file))
		if err != nil {
			// A secret that was written down is not shown.
			if !bytes.Contains(config.Show(file), []byte("[redacted]")) {
				t.Fatalf("what is shown does not load: %v\n%s", err, config.Show(file))
			}
			return
		}
		if !bytes.Equal(config.Show(again), config.Show(file)) {
			t.Fatalf("shown twice differs:\n%s\n%s", config.Show(file), config.Show(again))
		}
	})
}

// A hint is something to write that then is right.
func TestHints(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"allow true", "rules: [{path: /a, allow: true}]", "allow: anyone"},
		{"allow false", "default: {allow: false}", "allow: nobody"},
		{"public host", "gate: {public_url: api.example.org}", "write the address that clients use, as in https://api.example.org"},
		{"public nonsense", "gate: {public_url: 'a b://'}", "write the address that clients use, as in https://api.example.com"},
		{"upstream host", "gate: {upstream: 127.0.0.1}", "write it as in http://127.0.0.1:3000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := loader().Load("gate401.yaml", []byte(c.file))
			if faults := faultsOf(err); len(faults) != 1 || faults[0].Hint != c.want {
				t.Errorf("got %v, want one fault with the hint %q", faults.Detail(), c.want)
			}
		})
	}
}
