package oauth_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
)

// person is somebody at a browser without scripts.
type person struct {
	t      *testing.T
	client *http.Client
	// name and password are what they type.
	name, password string
	host           string // the gate's; what leads elsewhere is not followed
	// refuses has them say no where they are asked.
	refuses bool
}

func (g *gate) person() *person {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	u, err := url.Parse(g.url)
	if err != nil {
		g.t.Fatal(err)
	}
	p := &person{t: g.t, name: "alice", password: password, host: u.Host}
	p.client = &http.Client{Jar: jar, Timeout: program.Patience, CheckRedirect: func(hr *http.Request, _ []*http.Request) error {
		if hr.URL.Host != p.host {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return p
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.*?</form>`)
	action = regexp.MustCompile(`action="([^"]*)"`)
	inputs = regexp.MustCompile(`<(?:input|button)[^>]*>`)
)

func attribute(tag, name string) string {
	if m := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// goes opens an address and fills in every form, logs in and says yes, until the
// browser is sent elsewhere or there is no form left. It returns that address, or
// the last page.
func (p *person) goes(address string) (away *url.URL, page string) {
	p.t.Helper()
	away, page, err := p.tries(address)
	if err != nil {
		p.t.Fatal(err)
	}
	return away, page
}

func (p *person) tries(address string) (away *url.URL, page string, err error) {
	at, away, page, err := p.opens(address)
	for range 6 {
		form := forms.FindString(page)
		if err != nil || away != nil || form == "" {
			return away, page, err
		}
		values := url.Values{}
		for _, tag := range inputs.FindAllString(form, -1) {
			name := attribute(tag, "name")
			switch {
			case name == "":
			case name == "username":
				values.Set(name, p.name)
			case name == "password":
				values.Set(name, p.password)
			case strings.HasPrefix(tag, "<button") && values.Has(name) && !p.refuses:
				// The first button is the one that says yes.
			case strings.HasPrefix(tag, "<button"):
				values.Set(name, attribute(tag, "value"))
			default:
				values.Add(name, attribute(tag, "value"))
			}
		}
		to := at
		if m := action.FindStringSubmatch(form); m != nil {
			if to, err = at.Parse(html.UnescapeString(m[1])); err != nil {
				return nil, "", err
			}
		}
		at, away, page, err = p.posts(to.String(), values)
	}
	return nil, page, errors.New("there are forms without end")
}

// opens opens a page.
func (p *person) opens(address string) (at, away *url.URL, page string, err error) {
	hr, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, "", err
	}
	return p.sends(hr)
}

// posts sends a form of a page of the same site.
func (p *person) posts(address string, values url.Values) (at, away *url.URL, page string, err error) {
	hr, err := http.NewRequest(http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, nil, "", err
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hr.Header.Set("Origin", hr.URL.Scheme+"://"+hr.URL.Host)
	hr.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.sends(hr)
}

// sends sends a request as a browser does that opens a page.
func (p *person) sends(hr *http.Request) (at, away *url.URL, page string, err error) {
	hr.Header.Set("Accept", "text/html")
	hr.Header.Set("Sec-Fetch-Mode", "navigate")
	hr.Header.Set("Sec-Fetch-Dest", "document")
	r, err := p.client.Do(hr)
	if err != nil {
		return nil, nil, "", err
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, "", fmt.Errorf("%s: %w", hr.URL.Path, err)
	}
	if to, err := r.Location(); err == nil {
		return r.Request.URL, to, string(body), nil
	}
	return r.Request.URL, nil, string(body), nil
}
