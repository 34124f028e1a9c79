package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/token"
)

// evidence adds the key set, and with --send what the server and the issuer
// publish.
func (a *app) evidence(ctx context.Context, f explainFlags, c capture.Capture, o *diagnose.Options) (done func(), err error) {
	done = func() {}
	s := f.source
	if s.jwks != "" {
		if o.Keys, done, err = (verifyFlags{jwks: s.jwks}).keys(ctx); err != nil {
			return done, err
		}
	}
	if !s.send || len(c.Exchanges) == 0 {
		return done, nil
	}
	last := c.Exchanges[len(c.Exchanges)-1]
	jwt := sentToken(last.Request)
	if last.Response == nil || jwt == "" && !asksBearer(last) {
		return done, nil
	}
	d := discovery{say: a.say, here: loopback.Leads(last.Request.URL.Hostname())}
	if m, ok := d.resource(ctx, last); ok {
		o.Metadata = m
	}
	if o.Keys != nil || jwt == "" {
		return done, nil
	}
	issuer := s.issuer
	if issuer != "" {
		d.here = true // the person's own word
	} else if len(o.Metadata.Issuers) > 0 {
		issuer = o.Metadata.Issuers[0]
	} else if claims := token.Decode(jwt).Claims; claims != nil {
		issuer = claims.Issuer
	}
	if u, err := url.Parse(issuer); err != nil || d.refuses(u) != "" {
		return done, nil //nolint:nilerr // an issuer that is no URL has no keys to fetch
	}
	keys := &token.RemoteKeys{Issuer: issuer, Timeout: discoveryTimeout}
	if err := keys.Refresh(ctx); err != nil {
		a.say("the keys of the issuer %s could not be had, so the signature is not verified: %v", explain.Visible(issuer), err)
		return done, keys.Close()
	}
	a.say("asked the issuer %s for its keys", explain.Visible(issuer))
	o.Keys = keys
	return func() { _ = keys.Close() }, nil
}

const (
	discoveryTimeout = 10 * time.Second
	maxMetadata      = 1 << 20
)

// sentToken is the JWT of the request, if it carries one.
func sentToken(q capture.Request) string {
	for _, value := range q.Header.Values("Authorization") {
		scheme, rest, ok := httpauth.CutScheme(value)
		if rest = strings.TrimSpace(rest); ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP")) && strings.Count(rest, ".") == 2 {
			return rest
		}
	}
	return ""
}

func asksBearer(x capture.Exchange) bool {
	return slices.ContainsFunc(challenges(x), func(c httpauth.Challenge) bool { return c.Is("Bearer") || c.Is("DPoP") })
}

func challenges(x capture.Exchange) []httpauth.Challenge {
	if x.Response == nil {
		return nil
	}
	return httpauth.ParseChallenges(x.Response.Header.Values("WWW-Authenticate"), httpauth.Lenient).Challenges
}

// discovery asks for what servers publish about themselves. No credential goes
// along.
type discovery struct {
	say    func(format string, args ...any)
	client http.Client
	// here lets it ask this machine. A server out there, or whoever made a token,
	// must not make us ask the servers in here (RFC 9728 section 7.7).
	here bool
}

// resource finds the metadata of the protected resource: where the challenge
// says (RFC 9728 section 5.1), else at the well-known places (section 3.1).
func (d *discovery) resource(ctx context.Context, x capture.Exchange) (diagnose.Metadata, bool) {
	for _, c := range challenges(x) {
		if where, ok := c.Param("resource_metadata"); ok {
			u, err := url.Parse(where)
			why := "is no URL"
			if err == nil {
				why = d.refuses(u)
			}
			if why != "" {
				d.say("the metadata in the challenge %s; it is not asked", why)
				return diagnose.Metadata{}, false
			}
			return d.metadata(ctx, u, true)
		}
	}
	base := url.URL{Scheme: x.Request.URL.Scheme, Host: x.Request.URL.Host, Path: "/.well-known/oauth-protected-resource"}
	if d.refuses(&base) != "" {
		return diagnose.Metadata{}, false
	}
	if path := strings.TrimSuffix(x.Request.URL.Path, "/"); path != "" {
		special := base
		special.Path += path
		if m, ok := d.metadata(ctx, &special, false); ok {
			return m, true
		}
	}
	return d.metadata(ctx, &base, false)
}

// metadata fetches one document; loud says what went wrong.
func (d *discovery) metadata(ctx context.Context, u *url.URL, loud bool) (diagnose.Metadata, bool) {
	data, err := d.get(ctx, u)
	var m diagnose.Metadata
	if err == nil {
		m, err = diagnose.ParseMetadata(data)
	}
	if err != nil {
		if loud {
			d.say("the metadata at %s could not be had: %v", explain.Visible(u.Host+u.Path), err)
		}
		return m, false
	}
	d.say("asked %s for its metadata", explain.Visible(u.Host))
	return m, true
}

func (d *discovery) get(ctx context.Context, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := d.client.Do(req)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxMetadata))
}

// refuses says why a URL is not asked; "" for one that is.
func (d *discovery) refuses(u *url.URL) string {
	switch {
	case u.Host == "":
		return "is no URL"
	case loopback.Leads(u.Hostname()) && !d.here:
		return "leads to this machine, and came from another one"
	case u.Scheme == "https", u.Scheme == "http" && loopback.Stays(u.Hostname()):
		return ""
	}
	// Over plain http anybody between could put in other keys.
	return "is not at https"
}
