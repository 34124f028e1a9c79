package capture_test

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/component"
	"github.com/google/go-cmp/cmp"
)

// wire is one request as it came over the connection.
type wire struct {
	Line   string
	Header capture.Header
	Body   string
}

// listen answers every request with 200 and hands over what it read.
func listen(t *testing.T) (addr string, got <-chan wire) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out, done := make(chan wire, 8), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if w, ok := readWire(conn); ok {
				out <- w
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), out
}

func readWire(conn net.Conn) (wire, bool) {
	conn.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return wire{}, false
	}
	w := wire{Line: strings.TrimSuffix(line, "\r\n")}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return wire{}, false
		}
		if line = strings.TrimSuffix(line, "\r\n"); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		w.Header = append(w.Header, capture.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	n, _ := strconv.Atoi(w.Header.Get("Content-Length"))
	body := make([]byte, n)
	if _, err := io.ReadFull(in, body); err != nil {
		return wire{}, false
	}
	w.Body = string(body)
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	return w, true
}

// What is read from a command is what the real curl sends for it, octet by
// octet, apart from its version and the boundary that it invents.
func TestCurlIsWhatCurlSends(t *testing.T) {
	program, shell := component.Need(t, "curl", "curl"), component.Need(t, "bash", "bash")
	addr, got := listen(t)
	for _, command := range []string{
		`curl http://HOST`,
		`curl HOST/a/b`,
		`curl 'http://HOST/orders?a=1&b=%20x#part'`,
		`curl http://HOST/a/./b/../c`,
		`curl --path-as-is http://HOST/a/./b/../c`,
		`curl -H 'Authorization: Bearer abc' http://HOST/`,
		`curl -H 'authorization:Bearer abc' -H 'X-Empty;' -H 'Accept:' http://HOST/`,
		`curl -H 'User-Agent: mine' -H 'Host: other.example' http://HOST/`,
		`curl -H 'X-No-Colon' http://HOST/`,
		`curl -H 'X-Blank:   ' -H '  X-Odd: 1' http://HOST/`,
		`curl -u alice:s3cret http://HOST/`,
		`curl -ualice:s3c:ret http://HOST/`,
		`curl -u 'ålice:pässword' http://HOST/`,
		`curl -u alice: http://HOST/`,
		`curl -u alice:x -H 'Authorization: Bearer abc' http://HOST/`,
		`curl -u alice:x -H 'Authorization:' http://HOST/`,
		`curl http://bob:p%40ss@HOST/`,
		`curl -u alice:x http://bob:pw@HOST/`,
		`curl --oauth2-bearer tok http://HOST/`,
		`curl --oauth2-bearer tok -u a:b http://HOST/`,
		`curl --digest -u a:b http://HOST/`,
		`curl --anyauth -u a:b http://HOST/`,
		`curl --basic -u a:b http://HOST/`,
		`curl -d a=1 -d b=2 http://HOST/`,
		`curl -d '{"a":1}' -H 'Content-Type: application/json' http://HOST/`,
		`curl --data-raw '@not-a-file' http://HOST/`,
		`curl --data-urlencode 'name=a b&c/ü~' --data-urlencode '=x y' --data-urlencode 'plain text' http://HOST/`,
		`curl -G -d a=1 --data-urlencode 'q=x y' 'http://HOST/s?z=0'`,
		`curl --url-query 'q=x y' --url-query '+raw=a%20b' http://HOST/`,
		`curl --json '{"a":1}' http://HOST/`,
		`curl --json '{"a":' --json '1}' -H 'Accept: text/plain' http://HOST/`,
		`curl -X PATCH --json '{}' http://HOST/`,
		`curl -XDELETE http://HOST/x`,
		`curl -X delete http://HOST/x`,
		`curl -I http://HOST/`,
		`curl -b 'a=1; b=2' -b c=3 http://HOST/`,
		`curl -b a=1 -H 'Cookie: c=3' http://HOST/`,
		`curl -A 'my agent' -e http://ref.example/ http://HOST/`,
		`curl -A '' http://HOST/`,
		`curl -e 'http://ref.example/;auto' http://HOST/`,
		`curl -r 0-99 http://HOST/`,
		`curl -sSLu a:b --max-time 5 http://HOST/`,
		`curl -sS -o /dev/null -w '%{http_code}' http://HOST/`,
		`curl --url http://HOST/x --no-progress-meter`,
		`curl -0 http://HOST/`,
		`curl $'http://HOST/\x41' -H $'X-A: it\'s \u00fc\041' --data-raw $'a\nb\t!'`,
		"curl 'http://HOST/' \\\n  -H 'X-A: 1' \\\n  --data-raw 'x' \\\n  --compressed --insecure",
		`curl "http://HOST/" -H "X-A: \"q\" \$5 \\ back"`,
		`T=abc; curl -H "Authorization: Bearer $T" http://HOST/`,
		`export T='a b'; curl -H "X-T: ${T}" http://HOST/ 2>/dev/null | cat`,
		"curl -d @- http://HOST/ <<'EOF'\n{\"a\":\n1}\nEOF\n",
		"curl --data-binary @- http://HOST/ <<EOF\nline 1\nline 2\nEOF\n",
		`curl -d @- http://HOST/ <<< 'here it is'`,
		`curl -F a=1 -F 'b=x y;type=text/plain' http://HOST/`,
		`curl --form-string 'a=@b;type=c' http://HOST/`,
		`curl -F a=1 -H 'Content-Type: multipart/mixed' http://HOST/`,
		`curl 'http://HOST/\[1\]' `,
		`curl -g 'http://HOST/[1]'`,
		`curl --insec --head http://HOST/`,
		`curl --request-target /other http://HOST/`,
		`curl -d '' http://HOST/`,
		`curl -d x -H 'Content-Type;' http://HOST/`,
		`curl -d x -H 'Content-Type:' http://HOST/`,
		`curl -d x -H 'Content-Length: 1' http://HOST/`,
		`curl -H 'X-Trail: v  ' http://HOST/ -- `,
		`env A=b curl -s http://HOST/ # comment`,
	} {
		t.Run(command, func(t *testing.T) {
			command := strings.ReplaceAll(command, "HOST", addr)
			cmd := exec.CommandContext(t.Context(), shell, "-c", "shopt -s expand_aliases\n"+command)
			cmd.Env = []string{"PATH=" + filepath.Dir(program) + ":/usr/bin:/bin", "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8"}
			cmd.WaitDelay = 20 * time.Second
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var want wire
			select {
			case want = <-got:
			case <-time.After(time.Minute):
				t.Fatal("curl sent nothing")
			}
			c, err := capture.Curl(command)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Exchanges) != 1 {
				t.Fatalf("%d exchanges, want 1", len(c.Exchanges))
			}
			q := c.Exchanges[0].Request
			// Authentication that waits for a challenge sends a first request
			// without a body, and -I of a version that does not matter.
			have := wire{q.Method + " " + q.URL.RequestURI() + " HTTP/1.1", q.Header, string(q.Body)}
			if strings.Contains(command, "--request-target") {
				have.Line = "GET /other HTTP/1.1"
			}
			if q.Proto != "" {
				have.Line = strings.Replace(have.Line, "HTTP/1.1", q.Proto, 1)
			}
			if diff := cmp.Diff(normal(want), normal(have)); diff != "" {
				t.Errorf("curl sends (-), read (+):\n%s", diff)
			}
		})
	}
}

// normal takes out what curl invents.
func normal(w wire) wire {
	_, boundary, ok := strings.Cut(w.Header.Get("Content-Type"), "boundary=")
	var h capture.Header
	for _, f := range w.Header {
		if f.Name == "User-Agent" && strings.HasPrefix(f.Value, "curl") {
			f.Value = "curl"
		}
		// Older ones put cookies together without the blank.
		if f.Name == "Cookie" {
			f.Value = strings.ReplaceAll(f.Value, "; ", ";")
		}
		// Which encodings it can undo depends on how it was built.
		if f.Name == "Accept-Encoding" {
			f.Value = "..."
		}
		if ok && f.Name == "Content-Length" {
			continue // the boundary has another length in other versions
		}
		if ok {
			f.Value = strings.ReplaceAll(f.Value, boundary, "BOUNDARY")
		}
		h = append(h, f)
	}
	w.Header = h
	if ok {
		w.Body = strings.ReplaceAll(w.Body, boundary, "BOUNDARY")
	}
	return w
}
