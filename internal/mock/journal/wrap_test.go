package journal_test

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/journal"
)

// journaled serves h on a real connection.
func journaled(t *testing.T, h http.HandlerFunc) (*journal.Journal, *httptest.Server) {
	t.Helper()
	j := &journal.Journal{}
	srv := httptest.NewUnstartedServer(j.Wrap(h))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // what the handlers do wrong, they do on purpose
	srv.Start()
	t.Cleanup(srv.Close)
	return j, srv
}

func big(n int) string { return strings.Repeat("x", n) }

func TestWrap(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, _ = file.WriteString(big(2 * journal.MaxBody))
	for _, tc := range []struct {
		name       string
		method     string
		body       string
		serve      http.HandlerFunc
		status     int
		read, sent int    // lengths as recorded
		fault      string // as recorded
		got        int    // status that the client got; 0 for none
		field      string
	}{
		{"nothing said", "GET", "", func(http.ResponseWriter, *http.Request) {}, 200, 0, 0, "", 200, ""},
		{"a body that nobody reads", "POST", "hello", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, 401, 0, 0, "", 401, ""},
		{"half of a body", "POST", "hello", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadFull(r.Body, make([]byte, 3))
			w.WriteHeader(401)
		}, 401, 3, 0, "", 401, ""},
		{"long bodies", "POST", big(100_000), func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			_, _ = w.Write(b)
		}, 200, journal.MaxBody, journal.MaxBody, "", 200, ""},
		{"fields set too late", "GET", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Field", "in time")
			w.WriteHeader(403)
			w.WriteHeader(200)
			w.Header().Set("X-Field", "late")
		}, 403, 0, 0, "", 403, "in time"},
		{"early hints", "GET", "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(404) }, 404, 0, 0, "", 404, ""},
		{"HEAD", "HEAD", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, 0, 0, "", 200, ""},
		{"flushed", "GET", "", func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			_, _ = io.WriteString(w, "hello")
		}, 200, 0, 5, "", 200, ""},
		{"from a file", "GET", "", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file.Name()) }, 200, 0, journal.MaxBody, "", 200, ""},
		{"taken over and closed", "GET", "", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, 0, 0, 0, "hijacked", 0, ""},
		{"taken over with a fault", "GET", "", func(w http.ResponseWriter, r *http.Request) {
			journal.NoteOf(r.Context()).Fault = "reset"
			hijack(w, "")
		}, 0, 0, 0, "reset", 0, ""},
		{"taken over, no HTTP", "GET", "", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "rubbish") }, 0, 0, 7, "hijacked", 0, ""},
		{"taken over, HTTP", "GET", "", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 401 No\r\nX-Field: raw\r\nContent-Length: 2\r\n\r\nno")
		}, 401, 0, 2, "", 401, "raw"},
		{"taken over, cut short", "GET", "", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nno")
		}, 401, 0, 2, "", 401, ""},
		{"aborted before", "GET", "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, 0, 0, "aborted", 0, ""},
		{"aborted in the middle", "GET", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "hello")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 200, 0, 5, "aborted", 200, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j, srv := journaled(t, tc.serve)
			req, err := http.NewRequestWithContext(t.Context(), tc.method, srv.URL+"/a%20b?c=d", strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Sent", "1")
			resp, err := srv.Client().Do(req)
			if got := resp; (err != nil) != (tc.got == 0) || err == nil && got.StatusCode != tc.got {
				t.Errorf("the client got %v, %v", got, err)
			}
			if resp != nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			all, err := j.Wait(t.Context(), journal.Filter{}, 1)
			if err != nil {
				t.Fatal(err)
			}
			e := all[0]
			if e.Status != tc.status || len(e.Body) != tc.read || len(e.ResponseBody) != tc.sent || e.Fault != tc.fault || e.ResponseHeader.Get("X-Field") != tc.field {
				t.Errorf("status %d, read %d, sent %d, fault %q, field %q", e.Status, len(e.Body), len(e.ResponseBody), e.Fault, e.ResponseHeader.Get("X-Field"))
			}
			if e.Method != tc.method || e.Target != "/a%20b?c=d" || e.Host != srv.Listener.Addr().String() || e.Proto != "HTTP/1.1" || e.Header.Get("X-Sent") != "1" || e.Client == "" || e.Time.IsZero() {
				t.Errorf("%+v", e)
			}
		})
	}
}

func hijack(w http.ResponseWriter, text string) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = rw.WriteString(text)
	_ = rw.Flush()
	_ = conn.Close()
}

// A panic that is none of ours goes on as it was.
func TestPanicGoesOn(t *testing.T) {
	j := &journal.Journal{}
	broken := errors.New("broken")
	defer func() {
		if p := recover(); p != broken { //nolint:errorlint // the very value
			t.Errorf("%v", p)
		}
		if all := j.Entries(journal.Filter{}); len(all) != 1 || all[0].Fault != journal.FaultPanic || all[0].Status != 0 {
			t.Errorf("%+v", all)
		}
	}()
	j.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(broken) })).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

// The server reads no body that its handler does not: who waits for 100 Continue
// is answered without it.
func TestExpectIsNotAnswered(t *testing.T) {
	_, srv := journaled(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "HTTP/1.1 401 Unauthorized\r\n" {
		t.Errorf("%q, %v", line, err)
	}
}
