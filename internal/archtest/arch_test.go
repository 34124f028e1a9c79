package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gate401/gate401"

// root is the policy of a package that imports the root package alone: the empty
// word. In a longer list it is the space at the beginning.
const root = " "

// policy says for each package of the house which others it may import, and
// which modules. Arrows go down only: syntax and catalogue, domain, mechanisms,
// surfaces, composition. Test files may import more.
var policy = map[string]struct{ house, modules string }{
	// Syntax and catalogue: the standard library alone.
	"httpauth":     {},
	"reason":       {},
	"reason/cases": {house: "reason"},

	"internal/plainpage": {},

	// The domain.
	"": {house: "httpauth internal/plainpage reason"},

	// Mechanisms: they know the domain, not one another's insides, and no surface.
	"internal/password":      {modules: "golang.org/x/crypto golang.org/x/text"},
	"internal/terminal":      {},
	"internal/loopback":      {},
	"internal/secretname":    {},
	"internal/yamldoc":       {house: "internal/nearest", modules: "go.yaml.in/yaml/v3"},
	"internal/nearest":       {},
	"internal/seal":          {modules: "golang.org/x/crypto"},
	"token":                  {house: "internal/loopback reason", modules: "github.com/go-jose/go-jose/v4"},
	"store":                  {modules: "golang.org/x/text"},
	"store/memory":           {house: "store"},
	"store/sqldb":            {house: "store"},
	"store/sqlite":           {house: "store store/sqldb", modules: "modernc.org/sqlite"},
	"store/storetest":        {house: "store", modules: "github.com/google/go-cmp pgregory.net/rapid"},
	"internal/certificate":   {house: "store", modules: "github.com/fsnotify/fsnotify golang.org/x/crypto"},
	"internal/keyring":       {house: "store token"},
	"internal/history":       {house: " store token"},
	"internal/issuer":        {house: " httpauth reason store token"},
	"internal/people":        {house: "internal/password store token"},
	"internal/secondfactor":  {house: "store", modules: "github.com/pquerna/otp"},
	"internal/samples":       {house: "internal/keyring internal/password internal/session store token"},
	"authn":                  {house: " httpauth reason token store internal/password", modules: "github.com/maypok86/otter/v2"},
	"authn/authntest":        {house: " httpauth reason", modules: "github.com/google/go-cmp"},
	"internal/session":       {house: " internal/loopback reason store", modules: "github.com/maypok86/otter/v2"},
	"access":                 {house: root},
	"defend":                 {house: " reason"},
	"client/storage":         {modules: "github.com/gofrs/flock github.com/zalando/go-keyring"},
	"client/oauth":           {house: "client client/storage httpauth internal/loopback internal/terminal", modules: "golang.org/x/oauth2"},
	"client/oauth/oauthtest": {},
	"client":                 {house: "httpauth internal/loopback internal/terminal reason"},

	// Surfaces and what they show; none imports another.
	"web":                {modules: "github.com/a-h/templ"},
	"web/webtest":        {},
	"internal/component": {},
	"internal/freeport":  {},
	"internal/cputime":   {},
	"web/browsertest":    {house: "internal/component", modules: "github.com/chromedp/chromedp github.com/chromedp/cdproto"},
	"internal/returnto":  {house: root},
	"internal/login":     {house: " httpauth internal/returnto internal/session reason store web", modules: "github.com/a-h/templ"},
	"internal/openid": {house: " httpauth internal/loopback internal/returnto internal/session reason store token web",
		modules: "github.com/a-h/templ github.com/coreos/go-oidc/v3 golang.org/x/oauth2"},
	"internal/guide":     {house: " httpauth internal/nearest reason web", modules: "github.com/a-h/templ"},
	"internal/watch":     {house: " reason httpauth"},
	"internal/identity":  {house: root},
	"internal/clientjs":  {},
	"internal/forward":   {house: " internal/identity reason"},
	"internal/gateway":   {},
	"internal/upstream":  {},
	"internal/proxy":     {house: " httpauth internal/identity internal/plainpage internal/upstream reason"},
	"internal/stream":    {house: " reason"},
	"internal/resource":  {house: root},
	"internal/admin":     {house: "reason internal/watch"},
	"internal/explain":   {house: " httpauth reason token internal/watch"},
	"internal/diagnose":  {house: "httpauth internal/capture internal/explain internal/loopback internal/nearest internal/secretname reason token"},
	"internal/capture":   {house: "internal/loopback internal/nearest internal/secretname"},
	"internal/demo":      {house: "reason web", modules: "github.com/a-h/templ"},
	"internal/account":   {house: " internal/password internal/people internal/secondfactor internal/session reason store token web", modules: "github.com/a-h/templ"},
	"internal/inspector": {house: "httpauth reason token web"},
	"internal/consent":   {house: " internal/issuer internal/session reason store web", modules: "github.com/a-h/templ"},

	// What a mock is made of.
	"internal/mock/page":    {house: "reason web", modules: "github.com/a-h/templ"},
	"internal/mock/world":   {house: " authn defend httpauth internal/issuer internal/mock/journal internal/mock/wire internal/nearest reason store store/memory token"},
	"internal/mock/httpbin": {house: " authn httpauth internal/mock/wire store"},
	"internal/mock/mix":     {house: " httpauth internal/mock/endpoint internal/mock/journal internal/mock/wire internal/nearest"},
	"internal/mock/scenario": {house: " httpauth internal/build internal/config internal/mock/endpoint internal/mock/journal internal/mock/mix internal/mock/world " +
		"internal/mock/wire internal/nearest internal/samples reason reason/cases store token"},
	"internal/mock/wire":     {},
	"internal/mock/journal":  {house: "httpauth internal/mock/wire internal/secretname reason"},
	"internal/mock/endpoint": {house: " httpauth internal/mock/journal internal/mock/wire internal/nearest internal/yamldoc reason", modules: "go.yaml.in/yaml/v3"},
	"internal/mock/openapi":  {house: " authn httpauth internal/mock/journal internal/mock/wire internal/yamldoc reason store token", modules: "github.com/getkin/kin-openapi go.yaml.in/yaml/v3"},
	"internal/mock/judge":    {house: "httpauth internal/mock/journal internal/mock/wire"},

	// Composition: the file, from the file to a gate, from a gate to a process.
	"internal/config":           {house: "internal/loopback internal/nearest internal/yamldoc", modules: "go.yaml.in/yaml/v3"},
	"internal/config/schemagen": {house: "internal/config", modules: "github.com/invopop/jsonschema"},
	"internal/build": {house: " access authn defend internal/certificate internal/config internal/issuer internal/keyring internal/nearest internal/password internal/seal " +
		"internal/secondfactor internal/secretname internal/session internal/watch reason store store/memory token"},
	"internal/storage": {house: "internal/build internal/config internal/seal store store/sqlite"},
	"internal/server": {house: " access internal/people internal/account authn defend internal/admin internal/build internal/clientjs internal/consent internal/certificate internal/config internal/demo internal/forward internal/guide internal/history internal/identity internal/inspector internal/issuer internal/keyring internal/login internal/openid internal/loopback internal/secretname " +
		"internal/password internal/proxy internal/resource internal/samples internal/secondfactor internal/session internal/storage internal/stream internal/upstream internal/watch reason store",
		modules: "github.com/fsnotify/fsnotify golang.org/x/sys"},
	"internal/cli": {house: " access authn client client/oauth client/storage httpauth internal/inspector internal/diagnose internal/capture internal/build internal/config internal/explain internal/gateway internal/history internal/issuer internal/keyring internal/loopback internal/nearest internal/password internal/people " +
		"internal/certificate internal/mock/judge internal/secretname internal/server internal/trial internal/storage internal/watch mock reason store token",
		modules: "github.com/spf13/cobra github.com/spf13/pflag golang.org/x/term github.com/jedib0t/go-pretty/v6"},
	"mock":           {house: " httpauth internal/guide internal/inspector internal/loopback internal/mock/endpoint internal/mock/httpbin internal/mock/journal internal/mock/judge internal/mock/mix internal/mock/openapi internal/mock/page internal/mock/scenario internal/mock/wire internal/mock/world internal/nearest internal/yamldoc reason", modules: "go.yaml.in/yaml/v3"},
	"internal/trial": {house: "httpauth internal/certificate internal/mock/journal internal/mock/judge internal/mock/scenario internal/mock/world internal/nearest mock"},
	"cmd/gate401":    {house: "internal/cli"},
	"internal/docs": {house: "httpauth internal/cli internal/config internal/diagnose internal/mock/httpbin internal/mock/mix internal/mock/scenario " +
		"internal/mock/world internal/trial reason"},
	"internal/archtest": {},

	// What measures.
	"tools/rig":            {house: "internal/config internal/freeport internal/storage store token", modules: "github.com/go-jose/go-jose/v4 modernc.org/sqlite"},
	"tools/benchproxy":     {house: " authn internal/build internal/config internal/storage internal/watch token tools/rig"},
	"tools/soak":           {house: "token tools/rig", modules: "github.com/coder/websocket"},
	"e2e/program":          {},
	"examples/client-test": {},
	"examples/shop":        {house: " access authn defend store store/memory token"},
	"examples/page":        {},
	"examples/net-http":    {house: " examples/shop reason"},
	"examples/serve/api":   {},
	"examples/library":     {house: " access authn defend store store/memory token", modules: "golang.org/x/crypto"},
	"tools/release":        {},
	"e2e/foreign":          {house: "e2e/program internal/component internal/freeport"},
	"e2e/authorize":        {},
	"e2e/account":          {},
	"e2e/client":           {},
	"e2e/credentials":      {},
	"e2e/attack":           {},
	"e2e/forward":          {},
	"e2e/identity":         {},
	"e2e/page":             {},
	"e2e/login":            {},
	"e2e/oauth":            {},
	"e2e/operate":          {},
	"e2e/stream":           {},
	"e2e/tls":              {},
	"e2e/upstream":         {},
	"e2e/mock":             {},
	"e2e/openid":           {},
}

// midway is what a user of the middleware links: no SQL, no RPC, no expression
// language, no tracing SDK.
var (
	midway    = []string{"", "access", "authn", "defend", "httpauth", "reason", "store", "store/memory", "token"}
	forbidden = []string{"database/sql", "modernc.org/", "google.golang.org/grpc", "cel.dev/", "go.opentelemetry.io/", "html/template", "text/template", "github.com/expr-lang/"}
)

type pkg struct {
	ImportPath, Name, Doc string
	Imports, Deps         []string
	GoFiles               []string
	Standard              bool
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Doc,Imports,Deps,GoFiles,Standard"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// short is the name of a package in the policy; "" is the root package.
func short(path string) (string, bool) {
	if path == module {
		return "", true
	}
	s, ok := strings.CutPrefix(path, module+"/")
	return s, ok
}

func allowed(words, want string) bool {
	// The root package is the empty word before a leading space.
	return slices.Contains(strings.Split(words, " "), want) && (words != "" || want != "")
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		name, _ := short(p.ImportPath)
		seen[name] = true
		rule, ok := policy[name]
		if !ok {
			t.Errorf("package %q is not in the policy", name)
			continue
		}
		used := map[string]bool{}
		for _, imp := range p.Imports {
			if dep, ours := short(imp); ours {
				used[dep] = true
				if !allowed(rule.house, dep) {
					t.Errorf("%q imports %q, which the policy does not allow", name, dep)
				}
				continue
			}
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(strings.Fields(rule.modules), func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") }) {
				t.Errorf("%q imports %s, which the policy does not allow", name, imp)
			}
		}
		// A permission that nobody uses is an arrow that somebody will draw.
		for dep := range strings.SplitSeq(rule.house, " ") {
			if rule.house != "" && !used[dep] {
				t.Errorf("%q may import %q and does not", name, dep)
			}
		}
	}
	for name := range policy {
		if !seen[name] {
			t.Errorf("the policy names %q, which does not exist", name)
		}
	}
}

func TestMiddlewareStaysLight(t *testing.T) {
	paths := make([]string, len(midway))
	for i, name := range midway {
		paths[i] = "./" + name
	}
	for _, p := range list(t, paths...) {
		for _, dep := range p.Deps {
			for _, f := range forbidden {
				if dep == f || strings.HasPrefix(dep, f) {
					t.Errorf("%s links %s", p.ImportPath, dep)
				}
			}
		}
	}
}

// The linker keeps every exported method of every type as soon as a method is
// looked up by a name that it does not know, which templates do: that doubles
// the binary. Libraries may import templates as long as nothing reaches them.
func TestBinaryKeepsPruning(t *testing.T) {
	cmd := exec.Command("go", "build", "-o", filepath.Join(t.TempDir(), "gate401"), "-ldflags=-dumpdep", "./cmd/gate401")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	if !strings.Contains(string(out), "main.main") {
		t.Fatal("the linker printed no dependencies")
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "<ReflectMethod>") {
			t.Errorf("switches off pruning: %s", line)
		}
	}
	for _, p := range list(t, "./...") {
		if _, ours := short(p.ImportPath); !ours {
			continue
		}
		for _, imp := range p.Imports {
			if imp == "html/template" || imp == "text/template" {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

func TestEveryPackageHasADoc(t *testing.T) {
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
