package mock

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/reason"
)

// Exchange is one request of the client under test and what it was answered.
type Exchange struct {
	// ID grows with every answer of one mock. It is 0 while the answer is under
	// way.
	ID int64
	// Time is when the request came in, Took how long the answer took, by the
	// clock of the mock.
	Time time.Time
	Took time.Duration
	// Client is the address and port that it came from: equal for requests on
	// one connection.
	Client string
	// Proto is that of the request, such as HTTP/1.1.
	Proto string

	// Method, Host and Header are as sent.
	Method, Host string
	Header       http.Header
	// Target is path and query as sent.
	Target string
	// Path is the path below the URL of what the Record belongs to: /api/orders
	// in a world.
	Path string
	// Body is the first 64 KiB of what the mock read of it.
	Body []byte

	// Status is that of the answer; 0 means that there is none, or none yet: the
	// connection was cut, or the client did not wait.
	Status int
	// ResponseHeader and ResponseBody are the answer's, the body cut as Body is.
	ResponseHeader http.Header
	ResponseBody   []byte

	// Reason is why it was refused; empty if it was not, or not by the gate.
	Reason reason.Code
	// Session is the world that answered, Scenario the scenario that was played,
	// Endpoint the made-up endpoint, each empty where there was none.
	Session, Scenario, Endpoint string
	// Fault is what was done to the connection or the answer on purpose.
	Fault string
}

// String is one line without credentials: the number, the request and the
// answer.
func (x Exchange) String() string {
	var b strings.Builder
	if x.ID > 0 {
		b.WriteString("#" + strconv.FormatInt(x.ID, 10) + " ")
	}
	b.WriteString(x.what() + " -> ")
	if x.Status == 0 {
		b.WriteString("no answer")
	} else {
		b.WriteString(strconv.Itoa(x.Status))
	}
	if x.Reason != "" {
		b.WriteString(" " + string(x.Reason))
	}
	if x.Fault != "" {
		b.WriteString(" (" + x.Fault + ")")
	}
	return b.String()
}

// what is the request: a query may hold a secret, and is left out.
func (x *Exchange) what() string {
	path, _, _ := strings.Cut(x.Path, "?")
	out := x.Method + " " + path
	if v := x.Header.Get("Authorization"); v != "" {
		scheme, _, _ := strings.Cut(v, " ")
		// What is no scheme may be the credential itself.
		if len(scheme) > 16 || !strings.Contains(v, " ") {
			scheme = "something"
		}
		out += " with " + scheme
	}
	return out
}

// line is what AssertRequests compares.
func (x *Exchange) line(query bool) string {
	path := x.Path
	if _, q, ok := strings.Cut(x.Target, "?"); ok && query {
		path += "?" + q
	}
	status := "-"
	if x.Status != 0 {
		status = strconv.Itoa(x.Status)
	}
	return x.Method + " " + path + " " + status
}

func exchangeOf(e *Entry) Exchange {
	path, _, _ := strings.Cut(e.Target, "?")
	return Exchange{
		ID: e.ID, Time: e.Time, Took: e.Took, Client: e.Client, Proto: e.Proto,
		Method: e.Method, Host: e.Host, Header: e.Header, Target: e.Target, Path: path, Body: e.Body,
		Status: e.Status, ResponseHeader: e.ResponseHeader, ResponseBody: e.ResponseBody,
		Reason: e.Reason, Session: e.Session, Scenario: e.Scenario, Endpoint: e.Endpoint, Fault: e.Fault,
	}
}

// Filter chooses requests. A field that is empty says nothing; the others must
// all fit.
type Filter struct {
	// Method of the request.
	Method string
	// Path is Exchange.Path; with a slash at its end, everything below it.
	Path string
	// Status of the answer.
	Status int
	// Reason why it was refused.
	Reason reason.Code
}

func (f *Filter) takes(x *Exchange) bool {
	return (f.Method == "" || f.Method == x.Method) &&
		(f.Path == "" || f.Path == x.Path || strings.HasSuffix(f.Path, "/") && strings.HasPrefix(x.Path, f.Path)) &&
		(f.Status == 0 || f.Status == x.Status) &&
		(f.Reason == "" || f.Reason == x.Reason)
}

// Record is what the client under test asked in one place, and was answered: of
// a [Mock], a [World], a [Play] or an [Endpoint]. The newest 1000 requests of
// each world are kept, and as many of everything outside of worlds.
type Record struct {
	host *host
	// session, path and endpoint say what belongs to it; empty for everything.
	session, endpoint string
	path              string // below which its paths are, without a slash at the end
	method            string // with path, exactly what an endpoint without a pattern takes
}

// ours is the address from which the mock asks itself, which is no request of
// the client under test.
const ours = "mock"

// Requests are those that any of the filters chooses, or all without a filter,
// in the order in which they came in. Requests that were not answered yet are
// among them, with status 0. The fields and bodies are shared: do not change
// them.
func (r *Record) Requests(filters ...Filter) []Exchange {
	r.host.traffic.settle()
	// Those under way first: what ends meanwhile is seen twice rather than never.
	waiting := r.host.traffic.underWay()
	out := r.choose(r.entries(), filters)
	for _, p := range waiting {
		answered := slices.ContainsFunc(out, func(x Exchange) bool {
			return x.Client == p.entry.Client && x.Target == p.entry.Target && !x.Time.Before(p.entry.Time)
		})
		if !answered && r.has(&p.entry, p.session) {
			out = append(out, r.choose([]Entry{p.entry}, filters)...)
		}
	}
	slices.SortStableFunc(out, func(a, b Exchange) int { return a.Time.Compare(b.Time) })
	return out
}

// entries are those of the place, the mock's own among them.
func (r *Record) entries() []Entry {
	all := r.host.server.journal.Entries(journal.Filter{Session: r.session})
	return slices.DeleteFunc(all, func(e Entry) bool { return !r.has(&e, e.Session) })
}

// has tells whether something belongs here.
func (r *Record) has(e *Entry, session string) bool {
	if r.session != "" && r.session != session {
		return false
	}
	path, _, _ := strings.Cut(e.Target, "?")
	switch {
	case r.endpoint != "" && e.ID > 0:
		return e.Endpoint == r.endpoint
	case r.endpoint != "":
		return path == r.path && (r.method == "" || r.method == e.Method)
	case r.session == "" && r.path != "":
		return path == r.path || strings.HasPrefix(path, r.path+"/")
	}
	return true
}

func (r *Record) choose(entries []Entry, filters []Filter) []Exchange {
	var out []Exchange
	for i := range entries {
		if entries[i].Client == ours {
			continue
		}
		x := r.exchange(&entries[i])
		if len(filters) == 0 || slices.ContainsFunc(filters, func(f Filter) bool { return f.takes(&x) }) {
			out = append(out, x)
		}
	}
	return out
}

func (r *Record) exchange(e *Entry) Exchange {
	x := exchangeOf(e)
	if rest, ok := strings.CutPrefix(x.Path, r.path); ok && r.endpoint == "" {
		x.Path = cmp.Or(rest, "/")
	}
	return x
}

// Wait returns the chosen requests as soon as n of them were answered. When ctx
// ends it returns those that there are, with an error.
func (r *Record) Wait(ctx context.Context, n int, filters ...Filter) ([]Exchange, error) {
	j := r.host.server.journal
	for {
		last := j.Stats().Last
		got := r.choose(r.entries(), filters)
		if len(got) >= n {
			slices.SortStableFunc(got, func(a, b Exchange) int { return a.Time.Compare(b.Time) })
			return got, nil
		}
		if _, err := j.Wait(ctx, journal.Filter{Session: r.session, After: last}, 1); err != nil {
			return got, fmt.Errorf("waiting for %s, %d came: %w", count(n, "request"), len(got), err)
		}
	}
}
