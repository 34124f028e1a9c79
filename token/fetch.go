package token

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
)

const (
	maxMetadata   = 256 << 10
	maxRedirects  = 3
	metadataTTL   = time.Hour
	maxFetchField = 64 << 10
)

// fetch finds the URL, if need be, and reads the key set.
func (r *RemoteKeys) fetch(ctx context.Context) (set *KeySet, sum [sha256.Size]byte, err error) {
	if (r.URL == "") == (r.Issuer == "") {
		return nil, sum, errNoSource
	}
	client, done := r.client()
	defer done()
	location := r.URL
	if location == "" {
		if location, err = r.discover(ctx, client); err != nil {
			return nil, sum, fmt.Errorf("metadata of the issuer %s: %w", r.Issuer, err)
		}
	}
	data, err := r.get(ctx, client, location, MaxKeySetSize)
	if err != nil {
		// The keys may have moved; ask the issuer again the next time.
		r.foundAt = time.Time{}
		return nil, sum, fmt.Errorf("key set: %w", err)
	}
	set, err = ParseKeySet(data)
	return set, sha256.Sum256(data), err
}

// client is the client to fetch with, and what to do after.
func (r *RemoteKeys) client() (*http.Client, func()) {
	var c http.Client
	done := func() {}
	if r.Client != nil {
		c = *r.Client
	} else {
		// Fetches are rare: no connection is kept, so that none is left over.
		t := &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxFetchField,
			ForceAttemptHTTP2:      true,
		}
		c.Transport, done = t, t.CloseIdleConnections
	}
	c.Jar = nil
	// A redirect to another host would let an open redirector at the issuer
	// choose the keys.
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		if first := via[0].URL; req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
			return errors.New("redirect to another origin refused")
		}
		return nil
	}
	return &c, done
}

// discover is the jwks_uri of the issuer, remembered for a while. When the
// metadata is out of reach, the last known one serves on.
func (r *RemoteKeys) discover(ctx context.Context, client *http.Client) (string, error) {
	now := r.now()
	if r.found != "" && now.Sub(r.foundAt).Abs() < metadataTTL {
		return r.found, nil
	}
	location, err := r.metadata(ctx, client)
	switch {
	case err == nil:
		r.found, r.foundAt = location, now
	case r.found == "" || errors.As(err, new(*metadataError)):
		return "", err
	}
	return r.found, nil
}

// A metadataError is a document that was read and must not be used.
type metadataError struct{ what string }

func (e *metadataError) Error() string { return e.what }

// A statusError is an answer other than 200.
type statusError struct {
	url  string
	code int
}

func (e *statusError) Error() string { return fmt.Sprintf("GET %s: status %d", e.url, e.code) }

// metadata asks at the well-known places: OpenID Connect Discovery 1.0 section 4
// appends to the issuer, RFC 8414 section 3.1 inserts before its path.
func (r *RemoteKeys) metadata(ctx context.Context, client *http.Client) (string, error) {
	issuer, err := url.Parse(r.Issuer)
	if err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil {
		return "", &metadataError{"the issuer is not a URL without query and fragment"}
	}
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	origin := issuer.Scheme + "://" + issuer.Host
	var firstErr error
	for _, location := range []string{
		origin + path + "/.well-known/openid-configuration",
		origin + "/.well-known/oauth-authorization-server" + path,
	} {
		data, err := r.get(ctx, client, location, maxMetadata)
		if err == nil {
			return r.keysURI(issuer, data)
		}
		if firstErr == nil {
			firstErr = err
		}
		// Only a server that has no such page is asked for the other one.
		var status *statusError
		if !errors.As(err, &status) || status.code < 400 || status.code > 499 {
			return "", err
		}
	}
	return "", firstErr
}

// keysURI reads the metadata document.
func (r *RemoteKeys) keysURI(issuer *url.URL, data []byte) (string, error) {
	if err := checkJSONObject(string(data)); err != nil {
		return "", fmt.Errorf("the metadata: %w", err)
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", err
	}
	var name, location string
	if json.Unmarshal(doc["issuer"], &name) != nil || name != r.Issuer {
		// OpenID Connect Discovery 1.0 section 4.3: else anyone could speak for
		// any issuer.
		return "", &metadataError{fmt.Sprintf("the document names the issuer %s, expected %s", quote(name), quote(r.Issuer))}
	}
	if json.Unmarshal(doc["jwks_uri"], &location) != nil || location == "" {
		return "", &metadataError{"the document has no jwks_uri"}
	}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return "", &metadataError{"jwks_uri is not a URL"}
	}
	// A remote issuer has no business with what listens on this machine.
	if loopback.Leads(u.Hostname()) && !loopback.Leads(issuer.Hostname()) {
		return "", &metadataError{"jwks_uri points to this machine, and the issuer is elsewhere"}
	}
	return location, nil
}

// get reads one JSON document, bounded.
func (r *RemoteKeys) get(ctx context.Context, client *http.Client, location string, limit int64) ([]byte, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, err
	}
	if err := r.checkScheme(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	req.Header.Set("User-Agent", "gate401")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{url: location, code: resp.StatusCode}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", location, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("GET %s: the body is longer than %d octets", location, limit)
	}
	return data, nil
}

func (r *RemoteKeys) checkScheme(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (r.DangerouslyAllowHTTP || loopback.Stays(u.Hostname())):
		return nil
	}
	return fmt.Errorf("%s: https is required, or http on this machine", u.Redacted())
}
