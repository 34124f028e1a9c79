package mock

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

const collections = "../../examples/postman"

// newman runs a collection; every test in it must pass. It returns how many.
func newman(t *testing.T, collection string, args ...string) int {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(collections, collection))
	if err != nil {
		t.Fatal(err)
	}
	cmd := foreign.NodeTool(t, "newman", append([]string{"run", file, "--color", "off", "--timeout-request", "20000"}, args...)...)
	cmd.Env = append(cmd.Environ(), "NO_PROXY=*")
	out, exit := ran(t, cmd)
	if exit != 0 {
		t.Errorf("newman ended with %d\n%s", exit, out)
	}
	m := regexp.MustCompile(`assertions │\s+(\d+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("newman counts no assertions:\n%s", out)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// The collection for the mock passes, whatever the mode, and again in the same
// mock: nothing of the first run is in the way of the second.
func TestPostmanMock(t *testing.T) {
	for _, mode := range []string{"--strict=false", "--strict"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startMock(t, mode)
			again := 1
			if mode == "--strict" {
				again = 2
			}
			for range again {
				if n := newman(t, "mock.postman_collection.json", "--env-var", "base_url="+s.URL); n < 150 {
					t.Errorf("%d assertions", n)
				}
			}
			// newman says what it thinks; the journal says what it did.
			journal := s.said()
			for _, want := range []string{
				"GET /digest-auth/auth/user/passwd/SHA-256/never Digest 200", "GET /s/postman/api/orders Bearer 401", "POST /s/postman/token - 400",
				"GET /scenario/redirect-cross-host/landed - 200", "POST /s/postman/api/orders Basic 403", "GET /postman/flaky - 401",
			} {
				if !strings.Contains(journal, want+"\n") {
					t.Errorf("newman did not do %s:\n%s", want, journal)
				}
			}
		})
	}
}

// The tests in the collection are able to fail.
func TestPostmanFails(t *testing.T) {
	s := startMock(t)
	file, err := filepath.Abs(filepath.Join(collections, "mock.postman_collection.json"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := foreign.NodeTool(t, "newman", "run", file, "--color", "off", "--folder", "4. The life of a login", "--env-var", "base_url="+s.URL, "--env-var", "password=wrong")
	cmd.Env = append(cmd.Environ(), "NO_PROXY=*")
	if out, exit := ran(t, cmd); exit == 0 || !strings.Contains(out, "With the token") {
		t.Errorf("a wrong password is no failure: exit status %d\n%s", exit, out)
	}
}

// The collection for the demo takes everything from what the demo prints.
func TestPostmanDemo(t *testing.T) {
	t.Parallel()
	s := start(t, "demo", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	if n := newman(t, "demo.postman_collection.json", "--env-var", "demo="+s.Stdout.String()); n < 80 {
		t.Errorf("%d assertions", n)
	}
}

// Every request in the collections says what it teaches and tests something, and
// none has a variable that is not there.
func TestPostmanForm(t *testing.T) {
	type node struct {
		Name, Description string
		Item              []node
		Request           *struct {
			Description string
			URL         struct {
				Raw string
			}
		}
		Event []struct {
			Listen string
			Script struct{ Exec []string }
		}
	}
	for _, name := range []string{"mock.postman_collection.json", "demo.postman_collection.json"} {
		data, err := os.ReadFile(filepath.Join(collections, name))
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Info     struct{ Schema string }
			Item     []node
			Event    []struct{ Script struct{ Exec []string } }
			Variable []struct{ Key string }
		}
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		if c.Info.Schema != "https://schema.getpostman.com/json/collection/v2.1.0/collection.json" {
			t.Errorf("%s: schema %s", name, c.Info.Schema)
		}
		known := map[string]bool{}
		for _, v := range c.Variable {
			known[v.Key] = true
		}
		for _, e := range c.Event { // what the script of the collection sets
			for _, m := range regexp.MustCompile(`(?m)^  (\w+):`).FindAllStringSubmatch(strings.Join(e.Script.Exec, "\n"), -1) {
				known[m[1]] = true
			}
		}
		var walk func(n node)
		walk = func(n node) {
			for _, below := range n.Item {
				walk(below)
			}
			if n.Request == nil {
				if len(n.Description) < 40 || len(n.Item) == 0 {
					t.Errorf("%s: the folder %q says too little, or is empty", name, n.Name)
				}
				return
			}
			tests := ""
			for _, e := range n.Event {
				if e.Listen == "test" {
					tests += strings.Join(e.Script.Exec, "\n")
				}
			}
			if n.Request.Description == "" || !strings.Contains(tests, "pm.test(") {
				t.Errorf("%s: the request %q says nothing, or tests nothing", name, n.Name)
			}
			for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(n.Request.URL.Raw, -1) {
				if !known[m[1]] {
					t.Errorf("%s: %q has {{%s}}, which nothing sets", name, n.Name, m[1])
				}
			}
		}
		for _, n := range c.Item {
			walk(n)
		}
	}
}
