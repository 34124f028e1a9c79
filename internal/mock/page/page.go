package page

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// Path is where the page is.
const Path = "/__mock/"

const assets = Path + "-/"

// Page serves the page at [Path] and its files below it. Its fields are set
// before the first request. Safe for concurrent use.
type Page struct {
	// Groups are the scenarios in the order in which they are listed.
	Groups []Group
	// Faults are what can go wrong with the answer of an endpoint.
	Faults []Choice
	// AccessFaults and RefreshFaults are what can go wrong in a session, and
	// Commands what can be done to one.
	AccessFaults, RefreshFaults []Choice
	Commands                    []Command
	// Inspector and Guide are where the token inspector and the guide are;
	// empty for no link.
	Inspector, Guide string

	once sync.Once
	body []byte
	err  error
}

// Group is a list of scenarios that are about one thing.
type Group struct {
	ID, Title string
	Scenarios []Scenario
}

// Scenario is one thing that the mock can do to a client.
type Scenario struct {
	// Name is what it is called in the API, Title and Explain what happens.
	Name, Title, Explain string
	// Path is where it is played. KEY and SESSION in it stand for words of the
	// client's own.
	Path string
	// Expect says what a right client does.
	Expect string
	// Reason is the entry of the catalogue, if there is one.
	Reason reason.Code
}

// Choice is a value of a form.
type Choice struct {
	// Value is what the API calls it, Text what it means.
	Value, Text string
}

// choices are values that say themselves what they mean.
func choices(values ...string) []Choice {
	out := make([]Choice, len(values))
	for i, v := range values {
		out[i].Value = v
	}
	return out
}

// shown is the text of a choice, and its value, by which the API and the documents
// know it.
func (c Choice) shown() string {
	if c.Text == "" {
		return c.Value
	}
	return c.Text + " (" + c.Value + ")"
}

// Command is something that can be done to a session.
type Command struct {
	// Title is what the button says.
	Title string
	// JSON is what is sent to the API.
	JSON string
}

var _ http.Handler = (*Page)(nil)

// ServeHTTP answers GET and HEAD.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed, "Only GET and HEAD are understood here.\n")
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, assets); ok {
		web.Serve(w, r, name)
		return
	}
	switch r.URL.Path {
	case strings.TrimSuffix(Path, "/"):
		http.Redirect(w, r, Path, http.StatusPermanentRedirect)
		return
	case Path:
	default:
		plain(w, http.StatusNotFound, "There is no such page.\n")
		return
	}
	p.once.Do(func() {
		var b bytes.Buffer
		p.err = p.whole().Render(context.Background(), &b)
		p.body = b.Bytes()
	})
	if p.err != nil {
		plain(w, http.StatusInternalServerError, "The page could not be written.\n")
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.Policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Method != http.MethodHead {
		_, _ = w.Write(p.body)
	}
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// count is how many scenarios there are.
func (p *Page) count() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Scenarios)
	}
	return n
}

func (p *Page) nav() []web.Link {
	links := []web.Link{
		{Text: "Endpoints", URL: "#endpoints"},
		{Text: "Scenarios", URL: "#scenarios"},
		{Text: "Sessions", URL: "#sessions"},
		{Text: "OpenAPI", URL: "#openapi"},
		{Text: "Journal", URL: "#journal"},
	}
	if p.Inspector != "" {
		links = append(links, web.Link{Text: "Token inspector", URL: p.Inspector})
	}
	if p.Guide != "" {
		links = append(links, web.Link{Text: "Guide to 401", URL: p.Guide})
	}
	return links
}
