package world_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is the machine's, moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is a set of worlds behind a journal, as the mock mounts it.
type bench struct {
	*world.Worlds
	*clock
	journal *journal.Journal
	handler http.Handler
}

func newBench(t testing.TB, s world.Settings) *bench {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b := &bench{Worlds: &world.Worlds{Base: "http://mock.test", Default: s, Now: c.now}, clock: c, journal: &journal.Journal{}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	// No ServeMux: it redirects what the gate is to judge.
	admin, known := b.Admin(), b.WellKnown()
	mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/.well-known/"):
			known.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/__mock/"):
			admin.ServeHTTP(w, r)
		default:
			b.Worlds.ServeHTTP(w, r)
		}
	})
	b.handler = b.journal.Wrap(mux)
	return b
}

// answer is what came back. cut tells that the connection was cut.
type answer struct {
	status int
	header http.Header
	body   string
	fields map[string]any
	cut    bool
	reason reason.Code // what the journal says
}

func (a answer) text(name string) string {
	s, _ := a.fields[name].(string)
	return s
}

// do sends a request; fields are name and value in turns. A body that begins
// with { is JSON, any other a form.
func (b *bench) do(t testing.TB, method, target, body string, fields ...string) (a answer) {
	t.Helper()
	hr := httptest.NewRequest(method, "http://mock.test"+target, strings.NewReader(body))
	hr.RemoteAddr = "127.0.0.1:40000"
	switch {
	case body == "":
		hr.Body = http.NoBody
	case body[0] == '{':
		hr.Header.Set("Content-Type", "application/json")
	default:
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(fields); i += 2 {
		hr.Header.Set(fields[i], fields[i+1])
	}
	rec := httptest.NewRecorder()
	func() {
		defer func() {
			p := recover()
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				a.cut = true
			} else if p != nil {
				panic(p)
			}
		}()
		b.handler.ServeHTTP(rec, hr)
	}()
	a.status, a.header = rec.Code, rec.Header()
	text, err := io.ReadAll(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	a.body = string(text)
	_ = json.Unmarshal(text, &a.fields)
	if entries := b.journal.Entries(journal.Filter{}); len(entries) > 0 {
		a.reason = entries[len(entries)-1].Reason
	}
	return a
}

// login logs alice in and returns her tokens.
func (b *bench) login(t testing.TB, session string) (access, refresh string) {
	t.Helper()
	a := b.do(t, "POST", "/s/"+session+"/login", "username=alice&password=wonderland")
	if a.status != 200 {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	return a.text("access_token"), a.text("refresh_token")
}

// get asks for the orders with an access token.
func (b *bench) get(t testing.TB, session, access string) answer {
	t.Helper()
	return b.do(t, "GET", "/s/"+session+"/api/orders", "", "Authorization", "Bearer "+access)
}

// renew uses a refresh token.
func (b *bench) renew(t testing.TB, session, refresh string) answer {
	t.Helper()
	return b.do(t, "POST", "/s/"+session+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode())
}

// command tells a world something.
func (b *bench) command(t testing.TB, session string, c world.Command) {
	t.Helper()
	w, err := b.For(session, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, a answer, status int, code reason.Code) {
	t.Helper()
	if a.status != status || a.reason != code {
		t.Errorf("%d %q, want %d %q\n%s", a.status, a.reason, status, code, a.body)
	}
}
