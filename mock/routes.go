package mock

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
)

// Routes make endpoints, of a [Mock] or of a [World]: there they win over what
// the world would answer.
//
// A path is a pattern: /orders, /users/{id}, /files/* for one segment more, and
// /files/** for any number.
type Routes struct {
	t             TB
	host          *host
	session, base string
}

// Get makes an endpoint for GET and HEAD that answers 200, until it is told
// otherwise.
func (r Routes) Get(path string) *Endpoint { r.t.Helper(); return r.make(http.MethodGet, path) }

// Post makes one for POST.
func (r Routes) Post(path string) *Endpoint { r.t.Helper(); return r.make(http.MethodPost, path) }

// Put makes one for PUT.
func (r Routes) Put(path string) *Endpoint { r.t.Helper(); return r.make(http.MethodPut, path) }

// Patch makes one for PATCH.
func (r Routes) Patch(path string) *Endpoint { r.t.Helper(); return r.make(http.MethodPatch, path) }

// Delete makes one for DELETE.
func (r Routes) Delete(path string) *Endpoint { r.t.Helper(); return r.make(http.MethodDelete, path) }

// Any makes one for all methods.
func (r Routes) Any(path string) *Endpoint { r.t.Helper(); return r.make("", path) }

// Handle makes an endpoint with answers in full, one after the other. pattern is
// a path, or a method and a path as in "GET /orders".
func (r Routes) Handle(pattern string, answers ...Answer) *Endpoint {
	r.t.Helper()
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	e := r.make(method, strings.TrimSpace(path))
	if len(answers) == 0 {
		return e
	}
	return e.Reply(answers...)
}

func (r Routes) make(method, path string) *Endpoint {
	r.t.Helper()
	e := &Endpoint{
		URL: r.base + path, t: r.t, host: r.host,
		definition: endpoint.Endpoint{Session: r.session, Method: method, Path: path},
		short:      url.Values{},
		Record:     &Record{host: r.host, session: r.session, method: method},
	}
	if !strings.ContainsAny(path, "{*") {
		e.Record.path = strings.TrimPrefix(r.base, r.host.url) + path
	}
	e.put()
	return e
}

// Endpoint is one made-up endpoint. [Routes] make it; its methods say what it
// answers, and return it, so that they can follow each other. Say it before the
// client asks: counting begins again with every change.
type Endpoint struct {
	// URL is where it is; wildcards of the pattern are left as they are.
	URL string
	*Record

	t          TB
	host       *host
	definition endpoint.Endpoint
	short      url.Values // of the answers in short
	full       []Answer   // those in full, which win
}

// Answers gives these statuses one after the other, and the last one from then
// on. A 401 has a right challenge, unless Challenge says otherwise.
func (e *Endpoint) Answers(statuses ...int) *Endpoint {
	e.t.Helper()
	words := make([]string, len(statuses))
	for i, s := range statuses {
		words[i] = strconv.Itoa(s)
	}
	return e.Script(strings.Join(words, ","))
}

// Script gives the answers of a text: statuses, reasons of the catalogue and
// faults, each with how often and after how long, such as
// "401*2,token-expired,200@1s,reset".
func (e *Endpoint) Script(text string) *Endpoint { e.t.Helper(); return e.set("answer", text) }

// Reply gives these answers one after the other, and the last one from then on.
func (e *Endpoint) Reply(answers ...Answer) *Endpoint {
	e.t.Helper()
	e.full = answers
	return e.put()
}

// Challenge is what every 401, 403 and 407 asks for: the values of
// WWW-Authenticate, or of Proxy-Authenticate, as they are sent. "basic" and
// "bearer" stand for right ones, and "none" alone for none. Without Answers the
// endpoint answers 401.
func (e *Endpoint) Challenge(values ...string) *Endpoint {
	e.t.Helper()
	return e.set("challenge", values...)
}

// JSON is the body of the successes, or of every answer where none is one.
func (e *Endpoint) JSON(v any) *Endpoint {
	e.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		e.t.Fatalf("mock: %s: the body: %v", e.name(), err)
	}
	e.short.Del("body")
	return e.set("json", string(text))
}

// Body is JSON for any text.
func (e *Endpoint) Body(text string) *Endpoint {
	e.t.Helper()
	e.short.Del("json")
	return e.set("body", text)
}

// Header adds a field to every answer.
func (e *Endpoint) Header(name, value string) *Endpoint {
	e.t.Helper()
	return e.set("header", append(e.short["header"], name+": "+value)...)
}

// Delay lets every answer wait, at most a minute.
func (e *Endpoint) Delay(d time.Duration) *Endpoint { e.t.Helper(); return e.set("delay", d.String()) }

// Fault lets something go wrong with every answer, one of the Fault constants.
func (e *Endpoint) Fault(name string) *Endpoint { e.t.Helper(); return e.set("fault", name) }

// Repeat begins with the first answer again after the last one.
func (e *Endpoint) Repeat() *Endpoint {
	e.t.Helper()
	e.definition.Then = endpoint.ThenRepeat
	return e.put()
}

// Every gives the first of two answers to each nth request, and the second one,
// 200 where there is none, to the others.
func (e *Endpoint) Every(n int) *Endpoint {
	e.t.Helper()
	e.definition.Every = n
	return e.put()
}

// Rate gives the first of two answers with a probability, and the second one,
// 200 where there is none, else: the same seed, the same answers.
func (e *Endpoint) Rate(p float64, seed uint64) *Endpoint {
	e.t.Helper()
	e.definition.Rate, e.definition.Seed = p, seed
	return e.put()
}

// When lets the endpoint answer only requests that fulfil a condition, such as
// "header authorization missing", "header authorization scheme Bearer" or "query
// page equals 2". Several must all hold.
func (e *Endpoint) When(condition string) *Endpoint {
	e.t.Helper()
	c, err := endpoint.ParseCondition(condition)
	if err != nil {
		e.t.Fatalf("mock: %s: %v", e.name(), err)
	}
	e.definition.Match = append(e.definition.Match, c)
	return e.put()
}

// CountBy counts the requests of each "client" (address), "connection" or
// "credential" (Authorization field) apart, instead of all together.
func (e *Endpoint) CountBy(who string) *Endpoint {
	e.t.Helper()
	e.definition.Count = endpoint.Count(who)
	return e.put()
}

// Remove removes the endpoint.
func (e *Endpoint) Remove() { e.host.server.endpoints.Delete(e.definition.ID) }

func (e *Endpoint) name() string {
	return strings.TrimSpace(e.definition.Method + " " + e.definition.Path)
}

func (e *Endpoint) set(key string, values ...string) *Endpoint {
	e.t.Helper()
	if e.full != nil {
		e.t.Fatalf("mock: %s: its answers are given in full: say %s there", e.name(), key)
	}
	e.short[key] = values
	return e.put()
}

// put makes the endpoint what it is now.
func (e *Endpoint) put() *Endpoint {
	e.t.Helper()
	d := e.definition
	if e.full != nil {
		if err := replies(&d, e.full); err != nil {
			e.t.Fatalf("mock: %s: %v", e.name(), err)
		}
	} else {
		short, err := endpoint.FromQuery(e.query())
		e.check(err)
		d.Answer, d.Answers = short.Answer, short.Answers
	}
	made, err := e.host.server.endpoints.Put(d)
	e.check(err)
	e.definition.ID, e.Record.endpoint = made.ID, made.ID
	return e
}

// query is the short form; what to answer may not have been said yet.
func (e *Endpoint) query() url.Values {
	q := maps.Clone(e.short)
	q.Set("path", e.definition.Path)
	switch {
	case q.Has("answer"):
	case q.Has("challenge"):
		q.Set("answer", "401")
	default:
		q.Set("answer", "200")
	}
	return q
}

func (e *Endpoint) check(err error) {
	e.t.Helper()
	var wrong endpoint.Errors
	if errors.As(err, &wrong) {
		e.t.Fatalf("mock: %s:\n%s", e.name(), wrong.Detail())
	}
	if err != nil {
		e.t.Fatalf("mock: %s: %v", e.name(), err)
	}
}
