package endpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	one := func(e endpoint.Endpoint) []endpoint.Endpoint { return []endpoint.Endpoint{e} }
	for _, tc := range []struct {
		name, in string
		want     []endpoint.Endpoint
	}{
		{"one", `{path: /a, answer: 401}`, one(endpoint.Endpoint{Path: "/a", Answer: "401"})},
		{"a list of answers", `{path: /a, answer: [401, 401, 200]}`, one(endpoint.Endpoint{Path: "/a", Answer: "401,401,200"})},
		{"JSON", `{"path":"/a","answers":[{"status":401,"json":{"x":"\ud83d\ude00\/"}}]}`,
			one(endpoint.Endpoint{Path: "/a", Answers: []endpoint.Answer{{Status: 401, JSON: json.RawMessage(`{"x":"😀/"}`)}}})},
		{"a file", "endpoints:\n- path: /a\n  status: 403\n  body: no\n- path: /b\n  answer: reset\n", []endpoint.Endpoint{
			{Path: "/a", Answers: []endpoint.Answer{{Status: 403, Body: "no"}}}, {Path: "/b", Answer: "reset"}}},
		{"said of the endpoint", `{path: /a, challenge: none, answer: "401,200", body: hello}`, one(endpoint.Endpoint{Path: "/a", Answer: "401,200", Answers: []endpoint.Answer{
			{Status: 401, Challenges: endpoint.Values{"none"}}, {Status: 200, Body: "hello"}}})},
		{"everything", `
id: x
session: s1
method: POST
path: /a/{b}/**
match: [header authorization missing, query q not equals a b]
answers:
- {name: first, reason: token-expired, headers: {X-A: 1, X-B: [a, b]}, delay: 1.5s, over: 2s, fault: slow}
- {status: 407, challenge: [basic, 'Odd x="y"'], json: [1, null, {a: 1.50}]}
answer: first*2, 407
then: repeat
count: credential
`, one(endpoint.Endpoint{ID: "x", Session: "s1", Method: "POST", Path: "/a/{b}/**", Answer: "first*2, 407", Then: "repeat", Count: "credential",
			Match: []endpoint.Condition{{Part: "header", Name: "authorization", Test: "missing"}, {Part: "query", Name: "q", Not: true, Test: "equals", Value: "a b"}},
			Answers: []endpoint.Answer{
				{Name: "first", Reason: "token-expired", Headers: map[string]endpoint.Values{"X-A": {"1"}, "X-B": {"a", "b"}}, Delay: endpoint.Duration(1500 * time.Millisecond), Over: endpoint.Duration(2 * time.Second), Fault: "slow"},
				{Status: 407, Challenges: endpoint.Values{"basic", `Odd x="y"`}, JSON: json.RawMessage(`[1,null,{"a":1.50}]`)},
			}})},
		{"chance", `{path: /a, answer: 401, rate: 0.25, seed: 7}`, one(endpoint.Endpoint{Path: "/a", Answer: "401", Rate: 0.25, Seed: 7})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := endpoint.Decode("f", []byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			// What the API shows can be given to it again.
			b, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			again, err := endpoint.Decode("f", b)
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("%s\n%v %s", b, err, diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, want, hint string }{
		{"empty", "", "f: the document is empty", ""},
		{"not UTF-8", "a: \xff", "f:1:4: the document is not UTF-8", "UTF-8"},
		{"broken", "a: [", "f:1:4: the [ is not closed", "a ] is missing, perhaps on this line"},
		{"tabs", "a:\n\tb: c", "f:2:1: found character that cannot start any token", "spaces"},
		{"two documents", "{path: /a, answer: 401}\n---\na: b", "f:2:1: there is a second document", "---"},
		{"an alias", "a: &x 1\nb: *x", "f:1:4: anchors and aliases are not supported", "write the value out"},
		{"a tag", "{path: !!str /a, answer: 401}", "f:1:8: tags are not supported", "remove"},
		{"text", "hello", "f:1:1: this is text, and a mapping is wanted", ""},
		{"unknown key", "{path: /a, anwser: 401}", `f:1:12: anwser: unknown key`, `did you mean "answer"?`},
		{"unknown key of a file", "endpoint: []", `f:1:1: endpoint: unknown key`, `did you mean "endpoints"?`},
		{"unknown key of an answer", "{path: /a, answers: [{code: 401}]}", `f:1:23: answers[0].code: unknown key`, "known: name, status"},
		{"key twice", "{path: /a, path: /b, answer: 1}", `f:1:12: path: the key is there twice`, ""},
		{"no value", "{path: /a, answer: }", `f:1:20: answer: there is no value`, "remove"},
		{"commas in braces", "{path: /a, answer: 401, 401, 200}", `f:1:25: a status stands where a key should be`, `answer: "401,401,200"`},
		{"no path", "- {answer: 401}", `f:1:3: endpoints[0].path: the path is missing`, "/orders"},
		{"no answer", "{path: /a}", `f:1:1: answer: what to answer is missing`, "401,401,200"},
		{"no slash", "{path: a, answer: 401}", `f:1:8: path: the path does not begin with a slash`, `"/a"`},
		{"a URL", "{path: 'http://x/a', answer: 401}", `f:1:8: path: "http://x/a" is an address, and a path is wanted`, "leave out"},
		{"a query", "{path: '/a?b=c', answer: 401}", `f:1:8: path: the path has a '?'`, "query page equals 2"},
		{"the mock's own", "{path: /__mock/x, answer: 401}", `f:1:8: path: /__mock/ is the mock's own`, ""},
		{"** in the middle", "{path: /**/a, answer: 401}", `f:1:8: path: "**" stands for the whole rest and can only be the end`, ""},
		{"part of a segment", "{path: '/x{id}', answer: 401}", `f:1:8: path: "x{id}": parameters and * stand for whole segments`, ""},
		{"a parameter twice", "{path: '/{id}/{id}', answer: 401}", `f:1:8: path: the parameter {id} is there twice`, ""},
		{"letter for a digit", "{path: /a, answer: 40l}", `f:1:20: answer: answer "40l" is neither a status nor anything else that is known`, "did you mean 401?"},
		{"misspelt reason", "{path: /a, answer: token-expird}", `f:1:20: answer: answer "token-expird" is neither a status nor anything else that is known`, `"token-expired"`},
		{"no status", "{path: /a, answer: 99}", `f:1:20: answer: 99 is no status of an answer, which goes from 200 to 599`, "401"},
		{"a missing element", "{path: /a, answer: '401,,200'}", `f:1:20: answer: something is missing beside a comma`, ""},
		{"times", "{path: /a, answer: 401*x}", `f:1:20: answer: answer "401*x": behind * a number from 1 to 1000000 is wanted`, "401*3"},
		{"no comma", "{path: /a, answer: 401 200}", `f:1:20: answer: answer "401 200" is neither a status nor anything else that is known`, "200@1s"},
		{"a time without unit", "{path: /a, answer: 401+2}", `f:1:20: answer: "2" is no time`, "2s for seconds"},
		{"a long time", "{path: /a, answer: 401, delay: 2m}", `f:1:32: delay: 2m0s is not between 0 and 1m0s`, ""},
		{"misspelt fault", "{path: /a, answer: 401!rest}", `f:1:20: answer: unknown fault "rest"`, `"reset"`},
		{"percent", "{path: /a, answer: 401, rate: 10}", `f:1:31: rate: the rate 10 is not between 0 and 1`, "write 0.1"},
		{"both kinds of chance", "{path: /a, answer: 401, rate: 0.1, every: 2}", `f:1:43: every: there are every and rate`, "leave one"},
		{"three answers by chance", "{path: /a, answer: '401,403,200', every: 2}", `f:1:20: answer: every and rate choose between two answers`, ""},
		{"a seed for nothing", "{path: /a, answer: 401, seed: 2}", `f:1:31: seed: a seed is for a rate, and there is none`, ""},
		{"status as text", "{path: /a, answers: [{status: '401'}]}", `f:1:31: answers[0].status: this is text, and a whole number is wanted`, "quotes"},
		{"condition", "{path: /a, answer: 401, match: [header authorization mising]}", `f:1:33: match[0]: unknown test "mising"`, `"missing"`},
		{"condition of nothing", "{path: /a, answer: 401, match: headers x present}", `f:1:32: match: the condition begins with "headers", not with header, query or cookie`, `"header"`},
		{"a field that is counted", "{path: /a, answer: 200, headers: {content-length: 3}}", `f:1:51: headers.content-length: Content-Length is the server's to write`, "truncate"},
		{"a line break in a field", "{path: /a, answer: 200, headers: {x: \"a\\nb\"}}", `f:1:38: headers.x: the value has a control character, or is longer than 65536 octets`, ""},
		{"body and json", "{path: /a, answers: [{body: a, json: b}]}", `f:1:29: answers[0].body: there are body and json`, ""},
		{"a body that may not be", "{path: /a, answers: [{status: 204, body: a}]}", `f:1:42: answers[0].body: an answer with status 204 has no body`, ""},
		{"a challenge for a success", "{path: /a, answer: 200, challenge: none}", `f:1:36: challenge: no answer asks for credentials`, ""},
		{"none and more", "{path: /a, answers: [{status: 401, challenge: [none, basic]}]}", `f:1:48: answers[0].challenge[0]: "none" stands alone`, ""},
		{"reason and status", "{path: /a, answers: [{reason: token-expired, status: 403}]}", `f:1:54: answers[0].status: the status of token-expired is 401`, ""},
		{"an answer that is never given", "{path: /a, answer: 200, answers: [{status: 401}]}", `f:1:35: answers[0]: the answer is never given, for "200" does not name it`, ""},
		{"a name twice", "{path: /a, answers: [{name: a}, {name: a}]}", `f:1:40: answers[1].name: there is another answer called a`, ""},
		{"answers as words", "{path: /a, answers: [401]}", `f:1:22: answers[0]: an answer is a mapping`, "{status: 401}"},
		{"said twice", "{path: /a, answers: [{status: 401}], body: x}", `f:1:1: there are answers, and things said of an answer beside them`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all, err := endpoint.Decode("f", []byte(tc.in))
			var errs endpoint.Errors
			if !errors.As(err, &errs) || len(errs) == 0 || all != nil {
				t.Fatalf("%v, %v", all, err)
			}
			if got := errs[0].Error(); got != tc.want || !strings.Contains(errs[0].Hint, tc.hint) {
				t.Errorf("%s\nwant %s\nhint %s", got, tc.want, errs[0].Hint)
			}
		})
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, err := endpoint.Decode("f", []byte("endpoints:\n- {path: b, answer: 40l}\n- {path: /c, answer: 401, colour: red}\n- {path: /d, answer: 700}\n"))
	var errs endpoint.Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	var places []string
	for _, e := range errs {
		places = append(places, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Path))
	}
	want := []string{"2:10 endpoints[0].path", "2:21 endpoints[0].answer", "3:27 endpoints[1].colour", "4:22 endpoints[2].answer"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
}

func TestFromQuery(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want string // as JSON, or the errors
	}{
		{"path=/orders&method=get&answer=401,401,200", `{"method":"get","path":"/orders","answer":"401,401,200"}`},
		{"path=/a&status=401&challenge=none", `{"path":"/a","answers":[{"status":401,"challenge":"none"}]}`},
		{"path=/a&answer=401,200&json={\"a\":1}&header=X-A:+1&header=x-a:2&delay=10ms", `{"path":"/a","answer":"401,200","answers":[{"status":401,"headers":{"X-A":["1","2"]},"delay":"10ms"},{"status":200,"headers":{"X-A":["1","2"]},"json":{"a":1},"delay":"10ms"}]}`},
		{"path=/a&answer=401&rate=0.1&seed=3&match=header+authorization+missing&match=query+q+present", `{"path":"/a","match":["header authorization missing","query q present"],"answer":"401","rate":0.1,"seed":3}`},
		{"path=/a&answer=401&every=3&count=client", `{"path":"/a","answer":"401","every":3,"count":"client"}`},
		{"path=/a&answer=token-expired*2,401!reset,401,reset&challenge=none", `{"path":"/a","answer":"token-expired*2,a2,401,reset","answers":[{"name":"token-expired","reason":"token-expired","challenge":"none"},{"name":"a2","status":401,"challenge":"none","fault":"reset"},{"status":401,"challenge":"none"},{"name":"reset","fault":"reset"}]}`},
		{"path=/a&answer=401*2,200+1s", `{"path":"/a","answer":"401*2,200@1s"}`},
		{"path=/a&answer=401*2,+200+%2B+1s", `{"path":"/a","answer":"401*2,200 + 1s"}`},
		{"path=/a&answer=401+500ms*2!reset", `{"path":"/a","answer":"401@500ms*2!reset"}`},
		{"path=/a&answer=401@1s,200&challenge=none", `{"path":"/a","answer":"a1,200","answers":[{"name":"a1","status":401,"challenge":"none","delay":"1s"},{"status":200}]}`},
		{"path=/a&answer=401+200", `answer: answer "401 200" is neither a status nor anything else that is known`},
		{"path=/a&answer=401@1s+2s", `answer: answer "401@1s@2s": there are two '@'`},
		{"path=/a&body=x", `{"path":"/a","answers":[{"status":200,"body":"x"}]}`},
		{"answer=401", "path: the path is missing"},
		{"path=/a&anwser=401", "anwser: unknown parameter"},
		{"path=/a&path=/b&answer=401", "path: the parameter is there 2 times"},
		{"path=/a&answer=401&every=x", `every: "x" is no number from 1`},
		{"path=/a&answer=401&status=401", "status: there are status and answer"},
		{"path=/a&answer=401&header=X", `header: "X" has no colon`},
		{"path=/a&answer=401&json={", "json: this is no JSON"},
	} {
		q, err := url.ParseQuery(strings.ReplaceAll(tc.in, `"`, "%22"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := endpoint.FromQuery(q)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			b, _ := json.Marshal(e)
			got = string(b)
		}
		if got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

// Whatever is read can be written and read again, and nothing breaks.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"endpoints:\n- {path: /a, answer: \"401,401,200\"}\n", `{"path":"/a/{b}","answers":[{"status":401,"json":{"x":"\ud83d\ude00"}}]}`,
		"{path: /**, answer: token-expired*3@1s!slow, then: repeat}", "- {path: /a, rate: 0.5, seed: 1, answers: [{fault: reset}, {body: x, headers: {a: [b, c]}}]}",
		"{path: /a, match: [header a not equals b, cookie c present], status: 407, challenge: basic, json: {a: [1, .5, 0x10, ~, yes]}}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := endpoint.Decode("f", []byte(s))
		if err != nil {
			var errs endpoint.Errors
			if !errors.As(err, &errs) || len(errs) == 0 || all != nil {
				t.Fatalf("%T %v", err, all)
			}
			for _, e := range errs {
				if e.Message == "" || strings.ContainsAny(e.Error(), "\n\x1b") {
					t.Fatalf("%q", e.Error())
				}
			}
			return
		}
		b, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		again, err := endpoint.Decode("f", b)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		c, err := json.Marshal(again)
		if err != nil || string(b) != string(c) {
			t.Fatalf("%s\n%s", b, c)
		}
		set := &endpoint.Set{}
		_, _ = set.Add(all...)
		set.Match(httptest.NewRequest("GET", "/a/b?c=d", nil), 3)
	})
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"header authorization missing", "query a not equals b  c", "cookie x scheme y", "header a not missing", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := endpoint.ParseCondition(s)
		if err != nil {
			if c != (endpoint.Condition{}) {
				t.Fatalf("%v %v", c, err)
			}
			return
		}
		again, err := endpoint.ParseCondition(c.String())
		if err != nil || again != c {
			t.Fatalf("%q: %q, %v", s, c.String(), err)
		}
	})
}
