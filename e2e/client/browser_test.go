//go:build linux

package client_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// browser stands in for a person at a browser: it keeps cookies, follows
// redirects and fills in forms.
type browser struct {
	client http.Client
	abort  bool // click on "abort" where a device is to be confirmed
}

var (
	form   = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	input  = regexp.MustCompile(`<input[^>]*>`)
	cancel = regexp.MustCompile(`href="([^"]*/abort)"`)
)

// login goes from an address through every form until there is none, as alice, and
// returns the last page.
func (b *browser) login(ctx context.Context, address string) (string, error) {
	page, at, err := b.open(ctx, address, nil)
	for range 8 {
		f := form.FindStringSubmatch(page)
		if err != nil || f == nil {
			return page, err
		}
		fields := url.Values{}
		last := b.abort && strings.Contains(page, "deviceConfirmForm")
		if last {
			fields.Set("abort", "yes")
		}
		for _, in := range input.FindAllString(f[2], -1) {
			name, value := attribute(in, "name"), attribute(in, "value")
			if name == "login" || name == "password" {
				value = "alice"
			}
			fields.Set(name, value)
		}
		page, at, err = b.open(ctx, at.ResolveReference(reference(f[1])).String(), fields)
		if last {
			return page, err
		}
	}
	return page, fmt.Errorf("there is no end to the forms: %w", err)
}

// refuse is the person who clicks on cancel.
func (b *browser) refuse(ctx context.Context, address string) (string, error) {
	page, at, err := b.open(ctx, address, nil)
	if m := cancel.FindStringSubmatch(page); err == nil && m != nil {
		page, _, err = b.open(ctx, at.ResolveReference(reference(m[1])).String(), nil)
	}
	return page, err
}

func (b *browser) open(ctx context.Context, address string, fields url.Values) (string, *url.URL, error) {
	if b.client.Jar == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return "", nil, err
		}
		b.client.Jar = jar
	}
	method, body := http.MethodGet, ""
	if fields != nil {
		method, body = http.MethodPost, fields.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return "", nil, err
	}
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK && resp.Request.URL.Path != "/callback" {
		err = fmt.Errorf("%s: %s", resp.Request.URL, resp.Status)
	}
	return string(page), resp.Request.URL, err
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
