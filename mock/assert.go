package mock

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/mock/judge"
)

// AssertGood fails t if the client did something wrong, with what it was, the
// requests that prove it, and what to change. Doubts are no failure.
func (r *Record) AssertGood(t TB) {
	t.Helper()
	if found := r.Verdict().faults(); len(found) > 0 {
		t.Errorf("the client did %s wrong:\n%s\n%s", count(len(found.rules()), "thing"), indent(found.String()), r.listing())
	}
}

// AssertNever fails t if the client broke one of the rules, see the Rule
// constants; doubts count here.
func (r *Record) AssertNever(t TB, rules ...string) {
	t.Helper()
	for _, rule := range rules {
		if _, ok := judge.Lookup(judge.RuleID(rule)); !ok {
			t.Fatalf("mock: there is no rule %q", rule)
		}
	}
	if found := r.Verdict().Of(rules...); len(found) > 0 {
		t.Errorf("the client did %s wrong:\n%s\n%s", count(len(found.rules()), "thing"), indent(found.String()), r.listing())
	}
}

// AssertNoPasswordRepeated fails t if a password was sent again after it was
// refused.
func (r *Record) AssertNoPasswordRepeated(t TB) {
	t.Helper()
	r.AssertNever(t, RulePasswordRepeated)
}

// AssertNothingLeaked fails t if a credential went to another server, over http
// though it belongs to https, or into a URL.
func (r *Record) AssertNothingLeaked(t TB) {
	t.Helper()
	r.AssertNever(t, RuleCredentialLeaked, RuleCredentialInClear, RuleTokenInURL)
}

// AssertRefreshedOnce fails t if the client redeemed refresh tokens more or less
// often than once.
func (r *Record) AssertRefreshedOnce(t TB) { t.Helper(); r.AssertRefreshes(t, 1) }

// AssertRefreshes fails t if the client redeemed refresh tokens more or less
// often than n times, whatever the answers were.
func (r *Record) AssertRefreshes(t TB, n int) {
	t.Helper()
	got := 0
	for _, x := range r.Requests() {
		if refreshes(&x) {
			got++
		}
	}
	if got != n {
		t.Errorf("the client refreshed %d times, want %d\n%s", got, n, r.listing())
	}
}

// refreshes tells whether a request redeems a refresh token. An endpoint that
// breaks may not have read what it was sent.
func refreshes(x *Exchange) bool {
	if x.Method != http.MethodPost || !strings.HasSuffix(x.Path, "/token") {
		return false
	}
	if len(x.Body) == 0 {
		return x.Header.Get("Content-Type") != ""
	}
	form, _ := url.ParseQuery(string(x.Body))
	return form.Get("grant_type") == "refresh_token"
}

// AssertRequests fails t unless the client made exactly these requests in this
// order and got these answers, each as in "GET /api/orders 401". The path is that
// of [Exchange.Path], with the query if one of those that are wanted has a query.
// "-" stands for no answer.
func (r *Record) AssertRequests(t TB, want ...string) {
	t.Helper()
	query := slices.ContainsFunc(want, func(s string) bool { return strings.Contains(s, "?") })
	var got []string
	for _, x := range r.Requests() {
		got = append(got, x.line(query))
	}
	plain := make([]string, len(want))
	for i, s := range want {
		plain[i] = strings.Join(strings.Fields(s), " ")
		if len(strings.Fields(s)) != 3 {
			t.Fatalf("mock: %q is not method, path and status, such as \"GET /api/orders 401\"", s)
		}
	}
	if !slices.Equal(got, plain) {
		t.Errorf("the requests differ (-want +got):\n%s", diff(plain, got))
	}
}

// AssertCount fails t unless the client made n requests that any of the filters
// chooses.
func (r *Record) AssertCount(t TB, n int, filters ...Filter) {
	t.Helper()
	if got := r.Requests(filters...); len(got) != n {
		t.Errorf("%s, want %d\n%s", count(len(got), "request"), n, r.listing())
	}
}

// listing is everything that was asked, for the end of a message.
func (r *Record) listing() string {
	all := r.Requests()
	if len(all) == 0 {
		return "no request came"
	}
	const most = 40
	var b strings.Builder
	b.WriteString("all requests:")
	for i, x := range all {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(all)-most)
			break
		}
		b.WriteString("\n  " + x.String())
	}
	return b.String()
}

func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
