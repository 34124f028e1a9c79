package judge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/journal"
)

// kind is what a request was for.
type kind int

const (
	resource kind = iota
	login
	refresh
	otherToken // another grant, revocation, discovery: not judged
)

// step is one entry, read once.
type step struct {
	journal.Entry
	kind    kind
	path    string
	scheme  string // of Authorization, lower case
	secret  string // of Authorization, the whole value
	basic   bool
	digest  httpauth.DigestCredentials
	ends    time.Time
	asked   []httpauth.Challenge
	access  string // token in a successful answer of login or refresh
	renewal string // refresh token in such an answer
	redeems string // refresh token that the request redeems
}

// steps reads entries in the order in which the requests came in.
func steps(entries []journal.Entry) []step {
	var out []step
	for _, e := range entries {
		out = append(out, read(e))
	}
	slices.SortStableFunc(out, func(a, b step) int { return a.Time.Compare(b.Time) })
	return out
}

func read(e journal.Entry) step {
	s := step{Entry: e, ends: e.Time.Add(e.Took)}
	target, _, _ := strings.Cut(e.Target, "?")
	s.path = target
	if v := e.Header.Values("Authorization"); len(v) > 0 {
		s.secret = v[0]
		scheme, _, _ := httpauth.CutScheme(v[0])
		s.scheme = strings.ToLower(scheme)
		s.basic = s.scheme == "basic"
		if s.scheme == "digest" {
			if d, err := httpauth.ParseDigest(v[0], httpauth.Lenient); err == nil {
				s.digest = d
			}
		}
	}
	s.asked = httpauth.ParseChallenges(e.ResponseHeader.Values("WWW-Authenticate"), httpauth.Lenient).Challenges
	if e.Method == http.MethodPost {
		switch {
		case strings.HasSuffix(target, "/login"):
			s.kind = login
		case strings.HasSuffix(target, "/token"):
			s.kind = otherToken
			form, _ := url.ParseQuery(string(e.Body))
			// A token endpoint that breaks may not have read what it was sent.
			if form.Get("grant_type") == "refresh_token" || len(e.Body) == 0 && e.Header.Get("Content-Type") != "" {
				s.kind, s.redeems = refresh, form.Get("refresh_token")
			}
		case strings.HasSuffix(target, "/revoke"):
			s.kind = otherToken
		}
	}
	if s.kind == resource && (strings.Contains(target, "/.well-known/") || strings.HasSuffix(target, "/jwks.json") || e.Method == http.MethodOptions) {
		s.kind = otherToken
	}
	if (s.kind == login || s.kind == refresh) && e.Status == http.StatusOK {
		var answer struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			Type    string `json:"token_type"`
		}
		if json.Unmarshal(e.ResponseBody, &answer) == nil && (answer.Type == "" || strings.EqualFold(answer.Type, "bearer")) {
			s.access, s.renewal = answer.Access, answer.Refresh
		}
	}
	return s
}

// refused tells that the request got a 401 for what it sent.
func (s *step) refused() bool { return s.Status == http.StatusUnauthorized }

// failed tells that the server could not answer.
func (s *step) failed() bool { return s.Status == 0 || s.Status >= 500 }

// crossing is how close two requests on different connections may follow each
// other and still have been sent without the knowledge of the other's answer: a
// client that asks several things at once is not one that repeats itself.
const crossing = 5 * time.Millisecond

// after tells whether the client knew the answer of b when it sent s.
func (s *step) after(b *step) bool {
	known := b.ends
	// A connection that was cut tells at once, and the next one is another.
	if b.Status != 0 && (s.Client != b.Client || s.Proto == "HTTP/2.0") {
		known = known.Add(crossing)
	}
	return !s.Time.Before(known)
}

// since tells whether s came no earlier than b: enough where a request speaks for
// the client. What speaks against it has to come after.
func (s *step) since(b *step) bool { return !s.Time.Before(b.Time) }

// same tells whether both ask for the same thing.
func (s *step) same(b *step) bool { return s.Method == b.Method && s.Target == b.Target }

// bearer is the token of the request, empty for none.
func (s *step) bearer() string {
	if s.scheme != "bearer" {
		return ""
	}
	_, rest, _ := strings.Cut(s.secret, " ")
	return strings.TrimSpace(rest)
}

// pause is how long a 429 or 503 asks to wait.
func (s *step) pause() time.Duration {
	if s.Status != http.StatusTooManyRequests && s.Status != http.StatusServiceUnavailable {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(s.ResponseHeader.Get("Retry-After")))
	if err != nil || n < 0 || n > 1<<20 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// asks tells whether the challenges name scheme, and whether there were any.
func (s *step) asks(scheme string) (named, any bool) {
	for _, c := range s.asked {
		named = named || strings.EqualFold(c.Scheme, scheme)
	}
	return named, len(s.asked) > 0
}

// what names a request in a message; a query could hold a secret and stays out.
func (s *step) what() string { return s.Method + " " + s.path }

// fingerprint tells secrets apart without keeping them.
func fingerprint(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

func sameBody(a, b *step) bool { return bytes.Equal(a.Body, b.Body) }
