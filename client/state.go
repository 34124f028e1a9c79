package client

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/loopback"
)

// state is what a Transport makes of its fields, and what it remembers.
type state struct {
	base     http.RoundTripper
	plain    *http.Transport // base, if it knows proxies
	logins   []login
	proxies  []login
	err      error // the fields are wrong: nothing is sent
	rand     io.Reader
	now      func() time.Time
	refusals refusals
	digests  digests
	armed    armed
	flights  flights
}

// login is a Login whose origins were read.
type login struct {
	Login
	origins map[string]bool
	renewer *renewer
}

func (t *Transport) setUp() *state {
	t.once.Do(func() {
		s := &state{base: t.Base, rand: t.Rand, now: t.Now}
		if s.base == nil {
			s.base = http.DefaultTransport
		}
		if s.now == nil {
			s.now = time.Now
		}
		if s.rand == nil {
			s.rand = rand.Reader
		}
		s.plain, _ = s.base.(*http.Transport)
		s.logins, s.err = t.compile(s, t.Logins)
		if s.err == nil {
			s.proxies, s.err = t.compile(s, t.Proxies)
		}
		if s.err == nil && len(s.proxies) > 0 {
			s.err = s.hookProxy()
		}
		t.state = s
	})
	return t.state
}

func (t *Transport) compile(s *state, from []Login) ([]login, error) {
	out := make([]login, 0, len(from))
	for i, l := range from {
		c := login{Login: l, origins: make(map[string]bool)}
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("client: login %d: %w", i+1, err)
		}
		for _, o := range l.Origins {
			u, err := parseOrigin(o)
			if err != nil {
				return nil, fmt.Errorf("client: login %d: %w", i+1, err)
			}
			if u.Scheme == "http" && !loopback.Stays(u.Hostname()) && !l.DangerouslyAllowCleartext {
				return nil, fmt.Errorf("client: login %d: %w: %s", i+1, ErrCleartext, o)
			}
			c.origins[originOf(u)] = true
		}
		if l.Source != nil {
			c.renewer = &renewer{source: l.Source, leeway: t.Leeway, now: s.now, flights: &s.flights}
		}
		out = append(out, c)
	}
	return out, nil
}

// ErrCleartext says that a login would cross a network in clear.
var ErrCleartext = errors.New("over plain http everybody on the way can read the login; use https, or DangerouslyAllowCleartext")

func (l Login) check() error {
	switch {
	case len(l.Origins) == 0:
		return errors.New("no origin: a login that may go anywhere goes nowhere")
	case l.Key != nil && l.Key.Value == "":
		return errors.New("the key is empty")
	case l.Key != nil && !l.Key.sound():
		return errors.New("the key, or the name of its field, has a character that no field can hold")
	}
	if l.Basic != nil {
		if _, err := httpauth.EncodeBasic(l.Basic.User, l.Basic.Password); err != nil {
			return err
		}
	}
	return nil
}

func (k *Key) sound() bool {
	if strings.ContainsFunc(k.Value, func(r rune) bool { return r < ' ' || r == 0x7f }) || k.Value != strings.TrimSpace(k.Value) {
		return false
	}
	return !strings.ContainsFunc(k.Header, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

// field is the name of the field that carries the key, empty if none does.
func (k *Key) field() string {
	switch {
	case k.Bearer:
		return "Authorization"
	case k.Header != "":
		return k.Header
	case k.Query != "":
		return ""
	}
	return "X-Api-Key"
}

// of returns the logins of an origin.
func of(all []login, origin string) []*login {
	var out []*login
	for i := range all {
		if all[i].origins[origin] {
			out = append(out, &all[i])
		}
	}
	return out
}
