package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/gate401/gate401/web"
	"github.com/gate401/gate401/web/webtest"
)

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":               "plain",
		"a `b` c":             "a <code>b</code> c",
		"`<script>` & <b>":    "<code>&lt;script&gt;</code> &amp; &lt;b&gt;",
		"an open ` backquote": "an open <code> backquote</code>",
	} {
		if got := render(t, web.Text(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWire(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name, in string
		marks    web.Marks
		want     string
	}{
		{"fields and body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n{\"a\":1}", web.Marks{},
			`<span class="start">GET / HTTP/1.1</span>` + "\n<b>Host</b>: a\n\n" + `<span class="body">{&#34;a&#34;:1}</span>`},
		{"marks", "HTTP/1.1 401 U\nWww-Authenticate: Basic\n\n{\"a\":1}", web.Marks{Start: true, Fields: []string{"WWW-Authenticate"}, Body: []string{`"a":1`}},
			"<mark>HTTP/1.1 401 U</mark>\n<mark><b>Www-Authenticate</b>: Basic</mark>\n\n" + `<span class="body">{<mark>&#34;a&#34;:1</mark>}</span>`},
		{"long value", "GET / HTTP/1.1\nAuthorization: Bearer " + long, web.Marks{Fields: []string{"authorization"}},
			`<span class="start">GET / HTTP/1.1</span>` + "\n<mark><b>Authorization</b>: Bearer </mark>" + `<span class="long">` + long + `</span>`},
		{"several marks", "a\n\nmark amp & amp", web.Marks{Body: []string{"amp", "mark", "nothing", ""}},
			`<span class="start">a</span>` + "\n\n" + `<span class="body"><mark>mark</mark> <mark>amp</mark> &amp; amp</span>`},
		{"hostile", "<script>\n<b>: </b>\x00\x1b\xff", web.Marks{},
			`<span class="start">&lt;script&gt;</span>` + "\n<b>&lt;b&gt;</b>: &lt;/b&gt;␀␛�"},
		{"long but of words", "a\nWWW-Authenticate: " + strings.Repeat("word ", 60) + "end", web.Marks{},
			`<span class="start">a</span>` + "\n<b>WWW-Authenticate</b>: " + strings.Repeat("word ", 60) + "end"},
		{"no colon", "a\nb", web.Marks{}, `<span class="start">a</span>` + "\nb"},
		{"empty", "", web.Marks{}, `<span class="start"></span>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, want := render(t, web.Wire(c.in, c.marks)), `<pre class="wire"><code>`+c.want+`</code></pre>`; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func FuzzWire(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody", "Host", "body")
	f.Add("<b>\n\"'&", "<b>", "&")
	f.Fuzz(func(t *testing.T, message, field, piece string) {
		out := render(t, web.Wire(message, web.Marks{Fields: []string{field}, Body: []string{piece, "mark"}}))
		if faults := webtest.Faults(out, false); len(faults) > 0 {
			t.Errorf("%q: %v", out, faults)
		}
	})
}

func TestLayout(t *testing.T) {
	page := render(t, web.Layout(web.Page{Title: `A "title" <b>`, Description: "d", Assets: "/x/", Scripts: []string{"copy.js", "guide.js"}, Home: "/",
		Nav: []web.Link{{Text: "One", URL: "/one", Here: true}, {Text: "Two", URL: "javascript:alert(1)"}}, NoIndex: true, Foot: "f"}))
	for _, want := range []string{`<title>A &#34;title&#34; &lt;b&gt;</title>`, `content="noindex"`, `aria-current="page"`, `src="/x/copy.`, `src="/x/guide.`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	for name := range map[string]bool{"style.css": true, "icon.svg": true} {
		if !strings.Contains(page, web.URL("/x/", name)) {
			t.Errorf("%s is not linked", name)
		}
	}
}

func TestServe(t *testing.T) {
	hashed := web.URL("", "style.css")
	if hashed == "style.css" {
		t.Fatal("no hash in the name")
	}
	for _, c := range []struct {
		name, file, match string
		status            int
		cache, media      string
	}{
		{"hashed", hashed, "", 200, "public, max-age=31536000, immutable", "text/css; charset=utf-8"},
		{"plain", "style.css", "", 200, "public, max-age=300", "text/css; charset=utf-8"},
		{"script", "guide.js", "", 200, "public, max-age=300", "text/javascript; charset=utf-8"},
		{"old hash", "style.000000000000.css", "", 404, "no-store", "text/plain; charset=utf-8"},
		{"path", "../static/style.css", "", 404, "no-store", "text/plain; charset=utf-8"},
		{"empty", "", "", 404, "no-store", "text/plain; charset=utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			web.Serve(rec, httptest.NewRequest(http.MethodGet, "/", nil), c.file)
			h := rec.Header()
			if rec.Code != c.status || h.Get("Cache-Control") != c.cache || h.Get("Content-Type") != c.media || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%d %v", rec.Code, h)
			}
			if c.status == 200 {
				again := httptest.NewRequest(http.MethodGet, "/", nil)
				again.Header.Set("If-None-Match", h.Get("ETag"))
				rec := httptest.NewRecorder()
				web.Serve(rec, again, c.file)
				if rec.Code != http.StatusNotModified || rec.Body.Len() != 0 {
					t.Errorf("asked again: %d", rec.Code)
				}
			}
		})
	}
}

// The files may not load anything from elsewhere; only the name space of SVG is
// an address, and that is never fetched.
func TestFilesStayHome(t *testing.T) {
	entries, err := os.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile("static/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", "")
		for _, word := range []string{"http:", "https:", "//cdn", "@import", "url(", "eval(", "document.write"} {
			if strings.Contains(text, word) {
				t.Errorf("%s says %s", e.Name(), word)
			}
		}
	}
}

// Text needs 4.5:1 and edges of controls 3:1 (WCAG 2.2, 1.4.3 and 1.4.11), in
// both colour schemes and on every ground that it stands on.
func TestContrast(t *testing.T) {
	b, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(b), -1)
	if len(roots) != 2 {
		t.Fatalf("%d colour schemes", len(roots))
	}
	for i, scheme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(roots[i][1], -1) {
			colours[m[1]] = m[2]
		}
		check := func(fore, ground string, least float64) {
			got, err := webtest.Contrast(colours[fore], colours[ground])
			if err != nil || got < least {
				t.Errorf("%s: --%s on --%s has %.2f, want %.1f; %v", scheme, fore, ground, got, least, err)
			}
		}
		for _, ground := range []string{"bg", "card", "sunk"} {
			for _, fore := range []string{"ink", "soft", "accent", "name", "s2", "s400", "s401", "s403", "s429", "s503"} {
				check(fore, ground, 4.5)
			}
			check("edge", ground, 3)
		}
		check("hit-ink", "hit", 4.5)
		check("bg", "accent", 4.5)
		check("bg", "ink", 4.5)
	}
}
