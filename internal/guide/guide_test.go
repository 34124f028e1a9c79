package guide_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/guide"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
	"github.com/gate401/gate401/web/webtest"
)

const prefix = "/auth/problems/"

func ask(t *testing.T, h http.Handler, method, path string, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func TestEveryReasonHasAPage(t *testing.T) {
	g := &guide.Guide{}
	for _, info := range reason.All() {
		rec := ask(t, g, http.MethodGet, info.Page(prefix))
		if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %v", info.Code, rec.Code, rec.Header())
			continue
		}
		page := rec.Body.String()
		for _, fault := range webtest.Faults(page, true) {
			t.Errorf("%s: %s", info.Code, fault)
		}
		for _, want := range []string{info.Title, info.Detail, string(info.Code), "HTTP/1.1 ", info.Retry.Info().Title} {
			if !strings.Contains(page, htmlText(want)) {
				t.Errorf("%s: the page does not say %q", info.Code, want)
			}
		}
		if info.ShownAs != "" && !strings.Contains(page, `href="`+prefix+string(info.ShownAs)+`"`) {
			t.Errorf("%s: no link to %s", info.Code, info.ShownAs)
		}
	}
}

// htmlText is s as it stands in a page.
func htmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(s)
}

// The example must be the answer that a caller gets: of a masked reason nothing
// may be seen in it.
func TestExamplesKeepTheMask(t *testing.T) {
	g := &guide.Guide{}
	wire := regexp.MustCompile(`(?s)<pre class="wire">.*?</pre>`)
	for _, info := range reason.All() {
		example := wire.FindString(ask(t, g, http.MethodGet, info.Page(prefix)).Body.String())
		shown := info.Code.Shown()
		if !strings.Contains(example, htmlText(shown.Title)) {
			t.Errorf("%s: the example does not say %q", info.Code, shown.Title)
		}
		if info.ShownAs != "" && (strings.Contains(example, string(info.Code)) || strings.Contains(example, htmlText(info.Title))) {
			t.Errorf("%s: the example names the masked reason", info.Code)
		}
		if shown.Status == http.StatusUnauthorized && !strings.Contains(example, "<b>WWW-Authenticate</b>") {
			t.Errorf("%s: a 401 without a challenge", info.Code)
		}
		if shown.Error != "" && !strings.Contains(example, shown.Error) {
			t.Errorf("%s: the example has no %s", info.Code, shown.Error)
		}
	}
}

func TestJSON(t *testing.T) {
	g := &guide.Guide{}
	var index guide.Index
	if err := json.Unmarshal(ask(t, g, http.MethodGet, prefix, "Accept", "application/json").Body.Bytes(), &index); err != nil {
		t.Fatal(err)
	}
	all := reason.All()
	if len(index.Reasons) != len(all) || len(index.Retries) != len(reason.Retries()) {
		t.Fatalf("%d reasons and %d retries", len(index.Reasons), len(index.Retries))
	}
	for i, info := range all {
		var entry guide.Entry
		rec := ask(t, g, http.MethodGet, info.Page(prefix)+".json")
		if err := json.Unmarshal(rec.Body.Bytes(), &entry); err != nil {
			t.Fatalf("%s: %v", info.Code, err)
		}
		if rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", info.Code, rec.Header())
		}
		if diff := cmp.Diff(index.Reasons[i], entry); diff != "" {
			t.Errorf("%s differs from the index:\n%s", info.Code, diff)
		}
		got := reason.Info{Code: entry.Code, Status: entry.Status, Error: entry.Error, ShownAs: entry.ShownAs, Retry: entry.Retry,
			Title: entry.Title, Detail: entry.Detail, Explain: entry.Explain, FixUser: entry.FixUser, FixCaller: entry.FixCaller,
			FixOperator: entry.FixOperator, Spec: entry.Spec, Since: entry.Since}
		if diff := cmp.Diff(info, got); diff != "" {
			t.Errorf("%s differs from the catalogue:\n%s", info.Code, diff)
		}
		if entry.ShownOnly != reason.ShownOnly(info.Code) || entry.ShownOnly && len(entry.StandsFor) == 0 || entry.Page != info.Page(prefix) || entry.Family == "" {
			t.Errorf("%s: %+v", info.Code, entry)
		}
	}
}

func TestEveryReasonIsInOneFamily(t *testing.T) {
	seen := map[reason.Code]int{}
	for _, f := range guide.Families() {
		for _, code := range f.Codes {
			seen[code]++
		}
	}
	for _, info := range reason.All() {
		if seen[info.Code] != 1 {
			t.Errorf("%s is in %d families", info.Code, seen[info.Code])
		}
		delete(seen, info.Code)
	}
	for code := range seen {
		t.Errorf("%s is in a family and not in the catalogue", code)
	}
}

func TestIndex(t *testing.T) {
	g := &guide.Guide{}
	rec := ask(t, g, http.MethodGet, prefix)
	page := rec.Body.String()
	for _, fault := range webtest.Faults(page, true) {
		t.Error(fault)
	}
	for _, info := range reason.All() {
		if !strings.Contains(page, `href="`+info.Page(prefix)+`"`) {
			t.Errorf("no link to %s", info.Code)
		}
	}
	for _, want := range []string{">400<", ">401<", ">403<", ">404<", ">407<", ">429<", ">5xx<", "developer tools", "Postman", "curl -v", "RFC 9110", "RFC 9111", "no-store"} {
		if !strings.Contains(page, want) {
			t.Errorf("the guide does not say %s", want)
		}
	}
	if got := rec.Header().Get("Content-Security-Policy"); got != web.Policy || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	for _, file := range regexp.MustCompile(`(?:href|src)="(`+prefix+`-/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if rec := ask(t, g, http.MethodGet, file[1]); rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", file[1], rec.Code, rec.Header())
		}
	}
}

// Every link on every page leads to a page.
func TestLinks(t *testing.T) {
	g := &guide.Guide{Prefix: "/x/y/"}
	link := regexp.MustCompile(`href="(/[^"#]*)`)
	seen := map[string]bool{"/x/y/": false}
	for todo := []string{"/x/y/"}; len(todo) > 0; todo = todo[1:] {
		rec := ask(t, g, http.MethodGet, todo[0])
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d", todo[0], rec.Code)
		}
		if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(rec.Body.String(), -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				todo = append(todo, m[1])
			}
		}
	}
	if len(seen) < len(reason.All()) {
		t.Errorf("only %d pages are linked", len(seen))
	}
}

func TestNegotiation(t *testing.T) {
	g := &guide.Guide{}
	for _, c := range []struct {
		accept string
		json   bool
	}{
		{"", false}, {"*/*", false}, {"text/html", false}, {"application/json", true}, {"application/problem+json", true},
		{"application/json, text/plain, */*", true}, {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
		{"text/html, application/json", false}, {"text/html;q=0.5, application/json", true}, {"application/json;q=0", false},
		{"application/json;q=nonsense", false}, {"image/png", false}, {";;;,", false}, {"APPLICATION/JSON", true},
	} {
		rec := ask(t, g, http.MethodGet, prefix+"token-expired", "Accept", c.accept)
		if got := rec.Header().Get("Content-Type") == "application/json"; got != c.json || rec.Header().Get("Vary") != "Accept" {
			t.Errorf("%q: %v", c.accept, rec.Header())
		}
	}
}

func TestCaching(t *testing.T) {
	g := &guide.Guide{}
	tags := map[string]bool{}
	for _, path := range []string{prefix, prefix + "index.json", prefix + "token-expired", prefix + "token-expired.json"} {
		first := ask(t, g, http.MethodGet, path)
		tag := first.Header().Get("ETag")
		if tags[tag] || first.Header().Get("Cache-Control") != "public, max-age=3600" {
			t.Errorf("%s: %v", path, first.Header())
		}
		tags[tag] = true
		if again := ask(t, g, http.MethodGet, path, "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
		head := ask(t, g, http.MethodHead, path)
		if head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("Content-Length") != first.Header().Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v", path, head.Code, head.Header())
		}
	}
}

func TestMethods(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"} {
		rec := ask(t, &guide.Guide{}, method, prefix+"token-expired")
		if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
	}
}

func TestMissing(t *testing.T) {
	g := &guide.Guide{}
	for _, c := range []struct{ path, similar string }{
		{"token-expird", "token-expired"}, {"TOKEN-EXPIRED", "token-expired"}, {"token_expired", "token-expired"},
		{"pasword-wrong", "password-wrong"}, {"scope", "scope-insufficient"}, {"zzzzzzzzzzzzzz", ""},
		{"%3Cscript%3Ealert(1)%3C/script%3E", ""}, {"a/b/c", ""}, {"%ff%fe", ""}, {strings.Repeat("a", 5000), ""}, {"-/nothing.css", ""},
	} {
		rec := ask(t, g, http.MethodGet, prefix+c.path)
		if rec.Code != http.StatusNotFound || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.40s: %d %v", c.path, rec.Code, rec.Header())
		}
		page := rec.Body.String()
		if strings.HasPrefix(c.path, "-/") {
			continue
		}
		for _, fault := range webtest.Faults(page, true) {
			t.Errorf("%.40s: %s", c.path, fault)
		}
		if c.similar != "" && !strings.Contains(page, `href="`+prefix+c.similar+`"`) {
			t.Errorf("%s does not suggest %s", c.path, c.similar)
		}
		if len(page) > 8<<10 {
			t.Errorf("%.40s: %d bytes", c.path, len(page))
		}
	}
	var problem struct {
		Status  int
		Similar []string
	}
	rec := ask(t, g, http.MethodGet, prefix+"token-expird.json")
	if err := json.Unmarshal(rec.Body.Bytes(), &problem); err != nil || problem.Status != 404 || !slices.Contains(problem.Similar, prefix+"token-expired") ||
		rec.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v %+v %v", err, problem, rec.Header())
	}
}

func TestRedirects(t *testing.T) {
	g := &guide.Guide{}
	for path, want := range map[string]string{"/auth/problems": prefix, prefix + "token-expired/": prefix + "token-expired"} {
		rec := ask(t, g, http.MethodGet, path)
		if rec.Code != http.StatusPermanentRedirect || rec.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q", path, rec.Code, rec.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/", "/elsewhere", prefix + "//elsewhere.example/"} {
		if rec := ask(t, g, http.MethodGet, path); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d to %q", path, rec.Code, rec.Header().Get("Location"))
		}
	}
}

func TestConcurrent(t *testing.T) {
	g := &guide.Guide{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, path := range []string{prefix, prefix + "token-expired", prefix + "token-expired.json"} {
				if rec := ask(t, g, http.MethodGet, path); rec.Code != http.StatusOK {
					t.Errorf("%s: %d", path, rec.Code)
				}
			}
		})
	}
	wg.Wait()
}
