package openid_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// person is somebody at a browser of their own: it keeps cookies, follows
// redirects and links, and fills in forms.
type person struct {
	t      *testing.T
	name   string
	client *http.Client
	trail  []string // the addresses that it was at, the last one last
}

func somebody(t *testing.T, name string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, name: name}
	p.client = &http.Client{
		Jar: jar, Timeout: 60 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			p.trail = append(p.trail, r.URL.String())
			if len(via) > 12 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	return p
}

// page is what the browser shows.
type page struct {
	at     *url.URL
	status int
	header http.Header
	text   string
}

func (p page) String() string {
	return fmt.Sprintf("%s: %d %v\n%s", p.at, p.status, p.header, p.text)
}

// open goes to an address, with a form if there is one.
func (p *person) open(address string, fields url.Values) page {
	p.t.Helper()
	method, body := http.MethodGet, ""
	if fields != nil {
		method, body = http.MethodPost, fields.Encode()
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Sec-Fetch-Mode", "navigate")
		req.Header.Set("Sec-Fetch-Dest", "document")
	}
	p.trail = append(p.trail, address)
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return page{resp.Request.URL, resp.StatusCode, resp.Header, string(text)}
}

var (
	form   = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	input  = regexp.MustCompile(`<input[^>]*>`)
	button = regexp.MustCompile(`<button[^>]*>`)
)

// atProvider fills in the forms of the provider until it has none.
func (p *person) atProvider(pg page) page {
	p.t.Helper()
	for range 6 {
		// The second is a form that a script sends: somebody else was logged in there.
		if !strings.Contains(pg.at.Path, "/interaction/") && !strings.Contains(pg.text, "document.forms[0].submit()") {
			return pg
		}
		f := form.FindStringSubmatch(pg.text)
		if f == nil {
			p.t.Fatalf("the provider shows no form\n%s", pg)
		}
		fields := url.Values{}
		for _, in := range input.FindAllString(f[2], -1) {
			name, value := attribute(in, "name"), attribute(in, "value")
			if name == "login" || name == "password" {
				value = p.name
			}
			fields.Set(name, value)
		}
		pg = p.open(pg.at.ResolveReference(reference(f[1])).String(), fields)
	}
	p.t.Fatalf("there is no end to the forms\n%s", pg)
	return pg
}

// follow clicks on the link whose address contains part.
func (p *person) follow(pg page, part string) page {
	p.t.Helper()
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(pg.text, -1) {
		if strings.Contains(m[1], part) {
			return p.open(pg.at.ResolveReference(reference(m[1])).String(), nil)
		}
	}
	p.t.Fatalf("there is no link with %q\n%s", part, pg)
	return page{}
}

// login opens an address behind the gate, and logs in with a provider.
func (p *person) login(address, provider string) page {
	p.t.Helper()
	return p.atProvider(p.follow(p.open(address, nil), "/auth/login/"+provider))
}

// to makes the browser stop before it goes to an address with that beginning, and
// returns where it was to go.
func (p *person) to(beginning string, do func()) (stopped string) {
	before := p.client.CheckRedirect
	p.client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), beginning) {
			stopped = r.URL.String()
			return http.ErrUseLastResponse
		}
		return before(r, via)
	}
	do()
	p.client.CheckRedirect = before
	if stopped == "" {
		p.t.Fatalf("the browser never went to %s, but to %q", beginning, p.trail)
	}
	return stopped
}

func attribute(tag, name string) string {
	m := regexp.MustCompile(name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func reference(address string) *url.URL {
	u, err := url.Parse(html.UnescapeString(address))
	if err != nil {
		return &url.URL{}
	}
	return u
}
