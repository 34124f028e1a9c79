package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
)

const (
	metadataTTL = time.Hour
	// metadataMaxStale is for how long the last ones are used while the provider is
	// away: its other endpoints may answer.
	metadataMaxStale = 24 * time.Hour
	maxPause         = 30 * time.Second
)

// metadata is what a provider says of itself (OpenID Connect Discovery 1.0 section
// 3), as far as it matters here.
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	// Prompts are what it can be asked to do with the person; few say so (OpenID
	// Connect, "Initiating User Registration" section 3).
	Prompts []string `json:"prompt_values_supported"`
	// NamesIssuer tells that iss comes with every answer (RFC 9207 section 3).
	NamesIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

func (m *metadata) authenticates(method string) bool { return slices.Contains(m.Methods, method) }

// metadata returns those that are at hand, or asks the provider. After a failure
// it is left alone for a while, which grows.
func (p *Provider) metadata(ctx context.Context) (*metadata, error) {
	p.once.Do(p.setup)
	if p.fault != nil {
		return nil, p.fault
	}
	if m, err, settled := p.known(); settled {
		return m, err
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// Somebody may have asked while this one waited.
	if m, err, settled := p.known(); settled {
		return m, err
	}
	// Others wait for the answer too: it is not given up with one of them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	m, err := p.discover(ctx)
	p.mu.Lock()
	p.tried, p.last = p.now(), err
	if err == nil {
		p.found, p.at, p.fails = m, p.tried, 0
	} else {
		p.fails++
	}
	p.mu.Unlock()
	if err != nil {
		if m, old, settled := p.known(); settled && old == nil {
			return m, nil
		}
	}
	return m, err
}

// known is what can be said without asking the provider; settled is false if it is
// to be asked.
func (p *Provider) known() (m *metadata, err error, settled bool) { //nolint:revive // the error is a value here
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	age := now.Sub(p.at).Abs()
	if p.found != nil && age < metadataTTL {
		return p.found, nil, true
	}
	pause := min(time.Second<<min(max(p.fails, 1)-1, 10), maxPause)
	if p.fails == 0 || now.Sub(p.tried).Abs() >= pause {
		return nil, nil, false
	}
	if p.found != nil && age < metadataMaxStale {
		return p.found, nil, true
	}
	return nil, p.last, true
}

// discover asks the provider for its metadata.
func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	issuer, err := url.Parse(p.Issuer)
	if err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil {
		return nil, errors.New("the issuer is no URL without query and fragment")
	}
	at := strings.TrimSuffix(p.Issuer, "/") + "/.well-known/openid-configuration"
	body, err := p.get(ctx, at, "")
	if err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", p.Issuer, err)
	}
	var m metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("metadata of %s: they are no JSON that can be read", p.Issuer)
	}
	// Else one provider could speak for another (OpenID Connect Discovery 1.0
	// section 4.3).
	if m.Issuer != p.Issuer {
		return nil, fmt.Errorf("metadata of %s: they name the issuer %.200q", p.Issuer, m.Issuer)
	}
	for _, x := range []struct {
		name, value string
		needed      bool
	}{
		{"authorization_endpoint", m.Authorization, true}, {"token_endpoint", m.Token, true},
		{"userinfo_endpoint", m.UserInfo, false}, {"end_session_endpoint", m.EndSession, false},
	} {
		if x.value == "" && !x.needed {
			continue
		}
		u, err := url.Parse(x.value)
		switch {
		case err != nil || u.Host == "" || u.Fragment != "":
			return nil, fmt.Errorf("metadata of %s: %s is missing or no URL", p.Issuer, x.name)
		case secure(u) != nil:
			return nil, fmt.Errorf("metadata of %s: %s: %w", p.Issuer, x.name, secure(u))
		// A provider elsewhere has no business with what listens on this machine.
		case loopback.Leads(u.Hostname()) && !loopback.Leads(issuer.Hostname()):
			return nil, fmt.Errorf("metadata of %s: %s leads to this machine", p.Issuer, x.name)
		}
	}
	return &m, nil
}

// get reads one JSON document of the provider; bearer is the access token to show,
// if any.
func (p *Provider) get(ctx context.Context, at, bearer string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "gate401")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: status %d", at, resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", at, err)
	}
	return body, nil
}
