package watch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
)

func TestTrace(t *testing.T) {
	var ts watch.Traces
	ts.Record(request(), refusal())
	got, ok := ts.Lookup("01jxabcdefghjkmnpqrstvwxyz")
	if !ok {
		t.Fatal("not found")
	}
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "request_id": "01JXABCDEFGHJKMNPQRSTVWXYZ",
 "inbound_id": "abc",
 "time": "2026-11-21T12:04:05.123456789Z",
 "verb": "GET",
 "host": "api.example.com",
 "path": "/orders",
 "client": "127.0.0.1",
 "user_agent": "curl/8.0",
 "rule": "orders",
 "method": "bearer",
 "subject": "alice",
 "reason": "token-expired",
 "shown": "token-expired",
 "status": 401,
 "retry": "refresh",
 "cause": "expired 5 m ago",
 "challenges": [
  "Bearer realm=\"orders\""
 ],
 "presented": [
  {
   "place": "header",
   "name": "Authorization",
   "scheme": "Bearer"
  },
  {
   "place": "query",
   "name": "access_token"
  },
  {
   "place": "cookie",
   "name": "g401"
  }
 ],
 "steps": [
  {
   "stage": "rule",
   "note": "orders"
  },
  {
   "stage": "verify",
   "method": "bearer",
   "reason": "token-expired",
   "note": "expired 5 m ago"
  }
 ]
}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	if _, ok := ts.Lookup(""); ok {
		t.Error("found the empty id")
	}
	if _, ok := ts.Lookup("other"); ok {
		t.Error("found an id that never was")
	}
}

// A value without a known scheme may be the secret itself.
func TestPresented(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string][]string
		query  string
		want   []watch.Presented
	}{
		{"bare token", map[string][]string{"Authorization": {"s3cret"}}, "", []watch.Presented{{Place: "header", Name: "Authorization"}}},
		{"token with space", map[string][]string{"Authorization": {"s3cret more"}}, "", []watch.Presented{{Place: "header", Name: "Authorization"}}},
		{"case", map[string][]string{"Authorization": {"bASIC x"}}, "", []watch.Presented{{Place: "header", Name: "Authorization", Scheme: "Basic"}}},
		{"two", map[string][]string{"Authorization": {"Basic x", "Bearer y"}}, "", []watch.Presented{
			{Place: "header", Name: "Authorization", Scheme: "Basic"}, {Place: "header", Name: "Authorization"}}},
		{"encoded name", nil, "a=b&api%5Fkey=1", []watch.Presented{{Place: "query", Name: "api_key"}}},
		{"name as value", map[string][]string{"Cookie": {"a=g401"}}, "a=token", nil},
		{"misspelt", map[string][]string{"Authorisation": {"x"}}, "", []watch.Presented{{Place: "header", Name: "Authorisation"}}},
		{"later cookie field", map[string][]string{"Cookie": {"a=b", "c=d; __Host-g401=1"}}, "", []watch.Presented{{Place: "cookie", Name: "__Host-g401"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ts watch.Traces
			r := request()
			r.Header, r.URL.RawQuery = tt.header, tt.query
			ts.Record(r, refusal())
			got, _ := ts.Lookup(r.ID)
			if diff := cmp.Diff(tt.want, got.Presented); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is looked for by default may be configured too, and is one field.
func TestPresentedOnce(t *testing.T) {
	places := watch.DefaultPlaces()
	places.Headers, places.Query = append(places.Headers, "X-API-Key"), append(places.Query, "api_key")
	ts := watch.Traces{Places: places}
	r := request()
	r.Header, r.URL.RawQuery = map[string][]string{"X-Api-Key": {"x"}}, "api_key=1"
	ts.Record(r, refusal())
	got, _ := ts.Lookup(r.ID)
	want := []watch.Presented{{Place: "header", Name: "X-Api-Key"}, {Place: "query", Name: "api_key"}}
	if diff := cmp.Diff(want, got.Presented); diff != "" {
		t.Error(diff)
	}
}

// The challenges of a trace are those that the caller saw, with the address of
// the metadata, which is added when they are printed.
func TestTraceHasMetadata(t *testing.T) {
	for _, tt := range []struct{ url, publicURL, want string }{
		{"http://127.0.0.1:8401/orders/7?key=s3cret", "", "http://127.0.0.1:8401/.well-known/oauth-protected-resource/orders/7"},
		{"https://api.example.com/orders", "", "https://api.example.com/.well-known/oauth-protected-resource/orders"},
		{"http://[::1]:8401/orders", "", "http://[::1]:8401/.well-known/oauth-protected-resource/orders"},
		{"http://api.example.com/orders", "https://api.example.com/all", "https://api.example.com/.well-known/oauth-protected-resource/all"},
	} {
		t.Run(tt.url, func(t *testing.T) {
			q := gate401.Requirement{Rule: "orders", Resource: &gate401.Resource{URL: tt.publicURL}, Accept: []gate401.Authenticator{
				gate401.NewFunc("bearer", "Bearer", "orders", nil), gate401.NewFunc("basic", "Basic", "orders", nil)}}
			q.Prepare()
			g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
			var in gate401.Intake
			r, err := in.Request(httptest.NewRequest("GET", tt.url, nil))
			if err != nil {
				t.Fatal(err)
			}
			d := g.Decide(t.Context(), r)
			var ts watch.Traces
			ts.Record(r, &d)
			got, _ := ts.Lookup(r.ID)
			want := []string{`Bearer realm="orders", resource_metadata="` + tt.want + `"`, `Basic realm="orders"`}
			if diff := cmp.Diff(want, got.Challenges); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type known struct{ error }

func (known) Refused() (object, family, client string) { return "JTI7", "f_1", "shop" }

// A credential of ours that was proved and refused can be looked up.
func TestTraceNamesRefusedCredential(t *testing.T) {
	d := refusal()
	d.Denial.Reason, d.Denial.Err = reason.TokenRevoked, fmt.Errorf("bearer: %w", known{errors.New("revoked")})
	var ts watch.Traces
	ts.Record(request(), d)
	if got, _ := ts.Lookup(request().ID); got.Credential != "JTI7" {
		t.Errorf("credential %q", got.Credential)
	}
}

func TestRing(t *testing.T) {
	ts := watch.Traces{Max: 10}
	for i := range 25 {
		r := request()
		r.ID = fmt.Sprint("id", i)
		ts.Record(r, refusal())
		ts.Record(r, allowed())
		ts.Record(r, &gate401.Decision{Preflight: true})
	}
	if ts.Len() != 10 || ts.Total() != 25 {
		t.Errorf("%d kept of %d, want 10 of 25", ts.Len(), ts.Total())
	}
	for i, tr := range ts.Recent(100, watch.Filter{}) {
		if want := fmt.Sprint("id", 24-i); tr.RequestID != want {
			t.Errorf("place %d: %s, want %s", i, tr.RequestID, want)
		}
	}
	if _, ok := ts.Lookup("id14"); ok {
		t.Error("the eleventh is still there")
	}
	r := request()
	r.ID = "forced"
	ts.Force(r, allowed())
	if tr, ok := ts.Lookup("forced"); !ok || !tr.Allowed || tr.Status != 0 || tr.Credential != "key-1" {
		t.Errorf("forced: %+v, %v", tr, ok)
	}
	none := watch.Traces{Max: -1}
	none.Record(request(), refusal())
	if none.Len() != 0 {
		t.Error("kept what should not be kept")
	}
}

// Records lie one behind the other, in memory that is used again: long ones and
// short ones must not get into each other's, however often it goes round.
func TestRingGoesRound(t *testing.T) {
	for _, size := range []int{1, 63, 64, 65, 200} {
		ts := watch.Traces{Max: size}
		path := func(i int) string { return "/" + strings.Repeat("x", i*7%500) }
		const all = 1000
		for i := range all {
			r := request()
			r.ID, r.Path = fmt.Sprint("id", i), path(i)
			ts.Record(r, refusal())
		}
		if ts.Len() != size {
			t.Errorf("%d kept of %d", ts.Len(), size)
		}
		for i := range all {
			tr, ok := ts.Lookup(fmt.Sprint("id", i))
			if want := i >= all-size; ok != want || (ok && (tr.Path != path(i) || tr.Cause != "expired 5 m ago")) {
				t.Errorf("size %d, record %d: %v, %+v", size, i, ok, tr)
			}
		}
		for i, tr := range ts.Recent(all, watch.Filter{}) {
			if want := fmt.Sprint("id", all-1-i); tr.RequestID != want {
				t.Errorf("size %d, place %d: %s, want %s", size, i, tr.RequestID, want)
			}
		}
	}
}

// What the requests of a rule have in common is not written for each, and is told
// all the same.
func TestPreparedTrace(t *testing.T) {
	for _, rule := range []string{"orders", "g401_live_0123456789abcdef0123456789abcdef"} {
		var got []watch.Trace
		for _, prepared := range []bool{false, true} {
			q := gate401.Requirement{Rule: rule, Accept: []gate401.Authenticator{gate401.NewFunc("bearer", "Bearer", "api", nil)}}
			if prepared {
				q.Prepare()
			}
			var ts watch.Traces
			g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
			r := request()
			r.Header = nil
			for range 3 {
				d := g.Decide(t.Context(), r)
				if d.Prepared() != prepared {
					t.Errorf("prepared %v, want %v", d.Prepared(), prepared)
				}
				ts.Record(r, &d)
			}
			got = append(got, ts.Recent(3, watch.Filter{})...)
		}
		if len(got) != 6 || len(got[0].Steps) != 2 || got[0].Reason != reason.CredentialsMissing {
			t.Fatalf("%+v", got)
		}
		for _, tr := range got[1:] {
			if diff := cmp.Diff(got[0], tr, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("rule %s: %s", rule, diff)
			}
		}
		if strings.Contains(fmt.Sprintf("%+v", got), "0123456789abcdef") {
			t.Error("a secret was told")
		}
	}
}

func TestFilter(t *testing.T) {
	var ts watch.Traces
	one, two := request(), request()
	one.ID, two.ID, two.Path, two.Host = "one", "two", "/users/alice", "other.example.com"
	two.Client, two.Time = netip.MustParseAddr("192.0.2.1"), at.Add(time.Minute)
	d := refusal()
	d.Rule, d.Denial = "users", &gate401.Denial{Reason: reason.NotOwner, Method: "basic", Subject: "bob"}
	ts.Record(one, refusal())
	ts.Record(two, d)
	for _, tt := range []struct {
		name string
		in   watch.Filter
		want string
	}{
		{"all", watch.Filter{}, "two one"},
		{"rule", watch.Filter{Rule: "users"}, "two"},
		{"method", watch.Filter{Method: "bearer"}, "one"},
		{"subject", watch.Filter{Subject: "bob"}, "two"},
		{"true reason", watch.Filter{Reason: reason.NotOwner}, "two"},
		{"shown reason", watch.Filter{Reason: reason.AccessDenied}, "two"},
		{"status", watch.Filter{Status: 401}, "one"},
		{"host", watch.Filter{Host: "other.example.com"}, "two"},
		{"path", watch.Filter{Path: "/users"}, "two"},
		{"client", watch.Filter{Client: netip.MustParsePrefix("192.0.2.0/24")}, "two"},
		{"since", watch.Filter{Since: at.Add(time.Second)}, "two"},
		{"both", watch.Filter{Rule: "users", Status: 401}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ids []string
			for _, tr := range ts.Recent(10, tt.in) {
				ids = append(ids, tr.RequestID)
			}
			if got := strings.Join(ids, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := ts.Recent(1, watch.Filter{}); len(got) != 1 || got[0].RequestID != "two" {
		t.Errorf("latest: %+v", got)
	}
}

func TestTraceIsBounded(t *testing.T) {
	var ts watch.Traces
	r, d := request(), refusal()
	long := strings.Repeat("x", 64<<10)
	r.Path, r.Host, r.Method, r.Header["User-Agent"] = "/"+long, long, long, []string{long}
	d.Denial.Err, d.Denial.Subject = errors.New(long), long
	d.Steps[1].Note = long
	ts.Record(r, d)
	tr, _ := ts.Lookup(r.ID)
	text, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 4096 {
		t.Errorf("the trace of an endless request has %d octets", len(text))
	}
	if d.Steps[1].Note != long {
		t.Error("the decision was written to")
	}
}

func TestTracesInParallel(t *testing.T) {
	ts := watch.Traces{Max: 50}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				ts.Record(request(), refusal())
				ts.Lookup("01JXABCDEFGHJKMNPQRSTVWXYZ")
				ts.Recent(5, watch.Filter{Rule: "orders"})
			}
		})
	}
	wg.Wait()
	if ts.Total() != 1600 {
		t.Errorf("%d recorded, want 1600", ts.Total())
	}
}
