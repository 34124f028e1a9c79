package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// tool runs a client to its end and returns what it printed.
func tool(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// curl sees what it should, and finds its own way where it can.
func TestCurl(t *testing.T) {
	curl := component.Need(t, "curl", "curl")
	_, c := startDemo(t)
	alice := c.People[0]
	orders := c.Gate + c.Paths["protected"]
	status := func(args ...string) string {
		return tool(t, "", curl, append([]string{"-s", "-o", "/dev/null", "-w", "%{http_code}"}, args...)...)
	}
	for _, x := range []struct {
		name, want string
		args       []string
	}{
		{"nothing", "401", []string{orders}},
		{"Basic", "200", []string{"-u", alice.Name + ":" + alice.Password, orders}},
		{"Basic, asked first", "200", []string{"--anyauth", "-u", alice.Name + ":" + alice.Password, orders}},
		{"Bearer", "200", []string{"--oauth2-bearer", c.Tokens["valid"], orders}},
		{"key", "200", []string{"-H", "X-API-Key: " + c.APIKeys[0].Value, orders}},
		{"HEAD", "401", []string{"-I", orders}},
		{"a path that climbs", "400", []string{"--path-as-is", c.Gate + "/public/../orders"}},
		{"the same, tidied by curl", "401", []string{c.Gate + "/public/../orders"}},
		{"preflight", "204", []string{"-X", "OPTIONS", "-H", "Origin: https://app.example.com", "-H", "Access-Control-Request-Method: GET", orders}},
		{"a large upload that is refused", "401", []string{"-X", "POST", "--data-binary", "@/dev/zero", "--max-time", "20", orders}},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.name == "a large upload that is refused" {
				// Ten megabytes from a file, not an endless device: curl reads all first.
				big := filepath.Join(t.TempDir(), "big")
				if err := os.WriteFile(big, make([]byte, 10<<20), 0o600); err != nil {
					t.Fatal(err)
				}
				x.args[3] = "@" + big
			}
			if got := status(x.args...); got != x.want {
				t.Errorf("%s, want %s", got, x.want)
			}
		})
	}
	out := tool(t, "", curl, "-si", orders)
	if n := strings.Count(strings.ToLower(out), "\nwww-authenticate:"); n != 2 {
		t.Errorf("%d challenges in\n%s", n, out)
	}
}

// Python's urllib answers the Basic challenge by itself: it must understand the
// fields as they are.
func TestPython(t *testing.T) {
	python := component.Need(t, "python3", "python3")
	_, c := startDemo(t)
	out := tool(t, `
import sys, urllib.request, urllib.error, json
url, name, password = sys.argv[1:]
try:
    urllib.request.urlopen(url)
except urllib.error.HTTPError as e:
    problem = json.load(e)
    print(e.code, problem["code"], e.headers.get_all("WWW-Authenticate"))
# The stock handler gives up where the first scheme is one that it does not
# know, so it is asked with Basic first, as its documentation advises.
class Preemptive(urllib.request.HTTPBasicAuthHandler):
    def http_request(self, req):
        import base64
        req.add_header("Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())
        return req
opener = urllib.request.build_opener(Preemptive())
print(opener.open(url).status)
`, python, "-", c.Gate+c.Paths["protected"], c.People[0].Name, c.People[0].Password)
	want := `401 credentials-missing ['Bearer realm="orders", scope="orders:read", resource_metadata="` + c.Gate + `/.well-known/oauth-protected-resource` + c.Paths["protected"] +
		`"', 'Basic realm="orders", charset="UTF-8"']`
	if !strings.Contains(out, want) || !strings.HasSuffix(out, "200\n") {
		t.Errorf("python saw\n%s", out)
	}
}

// Files that the real htpasswd wrote: bcrypt is taken, weaker hashes are refused
// by name and line, and a changed file is felt.
func TestHtpasswd(t *testing.T) {
	htpasswd := component.Need(t, "htpasswd", "apache2-utils")
	dir := t.TempDir()
	users := filepath.Join(dir, "users.htpasswd")
	tool(t, "", htpasswd, "-cbB", users, "carol", "carol's own")
	config := `
gate: {listen: "127.0.0.1:0", upstream: "` + api(t).URL + `"}
admin: {listen: "127.0.0.1:0"}
methods:
  people: {type: basic}
  file: {type: basic, htpasswd: users.htpasswd}
log: {format: json}
`
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "serve", "-c", "gate401.yaml")
	basic := func(user string) int {
		req := tool(t, "", component.Need(t, "curl", "curl"), "-s", "-o", os.DevNull, "-w", "%{http_code}", "-u", user, p.gate+"/")
		return int(req[0]-'0')*100 + int(req[1]-'0')*10 + int(req[2]-'0')
	}
	if got := basic("carol:carol's own"); got != 200 {
		t.Errorf("carol gets %d", got)
	}
	if got := basic("dave:dave's own"); got != 401 {
		t.Errorf("dave gets %d before he is there", got)
	}
	if m := password.FindStringSubmatch(p.Stdout.String()); m == nil || basic("admin:"+m[1]) != 200 {
		t.Error("the store's own people do not get in beside the file's")
	}
	tool(t, "", htpasswd, "-bB", users, "dave", "dave's own")
	got := 0
	for range 100 {
		if got = basic("dave:dave's own"); got != 401 {
			break
		}
		_ = exec.CommandContext(t.Context(), "sleep", "0.1").Run()
	}
	if got != 200 {
		t.Errorf("dave gets %d after he was added", got)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	for flag, name := range map[string]string{"-m": "apr1", "-s": "SHA", "-d": "crypt", "-p": "plain"} {
		tool(t, "", htpasswd, "-cb"+flag[1:], users, "erin", "erin")
		_, errs, code := command(t, dir, "", "serve", "-c", "gate401.yaml")
		if code == 0 || !strings.Contains(strings.ToLower(errs), strings.ToLower(name)) || !strings.Contains(errs, "line 1") || !strings.Contains(errs, "htpasswd -B") {
			t.Errorf("a file by htpasswd %s: exit %d\n%s", flag, code, errs)
		}
	}
}
