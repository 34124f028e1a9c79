package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/config"
)

const provider = `
methods: {browser: {type: session}}
providers:
  - {name: work, issuer: "https://idp.example.com", client_id: gate, client_secret: "` + sharedSecret + `", groups: {Their Admins: admin, "a.b": staff}}
`

func TestProvider(t *testing.T) {
	f, err := loader().Load("f", []byte(provider))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Provider{
		Name: "work", Label: "work", Issuer: "https://idp.example.com", ClientID: "gate", Scopes: []string{"openid", "profile", "email"},
		Subject: "sub", Groups: config.GroupNames{"Their Admins": "admin", "a.b": "staff"}, UserInfo: "auto", Logout: "here",
	}
	got := f.Providers[0]
	if got.ClientSecret.Reveal() != sharedSecret {
		t.Error("the secret is another one")
	}
	got.ClientSecret = config.Secret{}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	shown := string(config.Show(f))
	for _, text := range []string{"name: work", "client_secret: '[redacted]'", "Their Admins: admin", "a.b: staff", "logout: here", "scopes: [openid, profile, email]"} {
		if !strings.Contains(shown, text) {
			t.Errorf("there is no %q in\n%s", text, shown)
		}
	}
	if strings.Contains(shown+string(config.ShowJSON(f)), sharedSecret) {
		t.Error("the secret is shown")
	}
	// What is shown is a file again.
	if _, err := loader().Load("shown", []byte(shown)); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{{sharedSecret, sharedSecret + "x"}, {"staff", "people"}, {"work,", "club,"}} {
		other, err := loader().Load("g", []byte(strings.Replace(provider, change[0], change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Changes(f, other); !cmp.Equal(got, []string{"providers"}) {
			t.Errorf("%q: %q", change, got)
		}
	}
	if _, err := loader().Load("h", []byte(strings.Replace(provider, "type: session", "type: basic", 1))); err == nil || !strings.Contains(err.Error(), "nobody can log in") {
		t.Error(err)
	}
}

func TestProvidersOnly(t *testing.T) {
	f, err := loader().Load("f", []byte(provider+"login: {providers_only: true}\n"))
	if err != nil || !f.Login.ProvidersOnly {
		t.Fatal(err)
	}
	_, err = loader().Load("f", []byte("methods: {browser: {type: session}}\nlogin: {providers_only: true}\n"))
	if err == nil || !strings.Contains(err.Error(), "nobody could log in") {
		t.Error(err)
	}
}

// The examples of the documentation are files of ours.
func TestDocumentedProviders(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "providers.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")
	if len(blocks) < 6 {
		t.Fatalf("%d examples", len(blocks)-1)
	}
	l := loader()
	l.ReadFile = func(string) ([]byte, error) { return []byte("a secret"), nil }
	for _, b := range blocks[1:] {
		b, _, _ = strings.Cut(b, "```")
		if f, err := l.Load("providers.md", []byte(b)); err != nil || len(f.Providers) != 1 || !f.Providers[0].ClientSecret.Set() {
			t.Errorf("%v\n%s", err, b)
		}
	}
}
