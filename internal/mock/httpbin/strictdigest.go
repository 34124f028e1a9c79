package httpbin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/store"
)

// digests is what the strict Digest remembers: which answers were given. The
// paths say everything else.
type digests struct {
	once   sync.Once
	key    []byte
	counts authn.NonceMemory
}

func (d *digests) nonces(h *Handler, uses uint32) *authn.Nonces {
	d.once.Do(func() {
		d.key = make([]byte, 32)
		_, _ = rand.Read(d.key) // never fails since Go 1.24
	})
	return &authn.Nonces{Key: d.key, Counts: limited{&d.counts, uses}, Now: h.Now}
}

// limited makes nonces stale after a number of uses.
type limited struct {
	*authn.NonceMemory
	uses uint32 // 0 for any number
}

// NonceState forgets a nonce that was used often enough.
func (l limited) NonceState(ctx context.Context, n authn.NonceID) (authn.NonceState, error) {
	s, err := l.NonceMemory.NonceState(ctx, n)
	if err == nil && l.uses > 0 && s.High >= l.uses {
		return authn.NonceState{}, authn.ErrNonceForgotten
	}
	return s, err
}

// pathAccount is the one account that the path names.
type pathAccount struct{ user, password string }

// DigestAccount finds the account of the path.
func (a pathAccount) DigestAccount(_ context.Context, name, realm string, algorithm httpauth.DigestAlgorithm) (authn.DigestAccount, error) {
	if equal(name, a.user) != 1 {
		return authn.DigestAccount{}, store.ErrNotFound
	}
	return authn.DigestAccount{Name: a.user, HA1: httpauth.DigestHA1(algorithm, a.user, realm, a.password)}, nil
}

// strictDigest answers by the core that the gate uses: nonces of our own, each
// answer once, the algorithm that was asked for.
func (h *Handler) strictDigest(w http.ResponseWriter, r *http.Request) {
	h.private(w)
	method, err := h.digestOf(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	gate := &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{Rule: "digest", Accept: []gate401.Authenticator{method}}
		},
		Guard:  gate401.DangerouslyUnguarded{},
		Intake: gate401.Intake{Now: h.Now},
	}
	view, d := gate.Judge(r)
	if !d.Allow {
		for _, c := range d.Challenges {
			w.Header().Add("WWW-Authenticate", c.String())
		}
		refuse(w, d.Status(), d.Shown().Title)
		return
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(authResult{Authenticated: true, Authorized: true, User: d.Identity.Subject}); err != nil {
		refuse(w, http.StatusInternalServerError, "")
		return
	}
	if info, ok, err := method.Info(r.Context(), view, body.Bytes()); err == nil && ok {
		w.Header().Set("Authentication-Info", info.Info().String())
	}
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(body.Bytes())
}

// digestOf makes the method that the path describes.
func (h *Handler) digestOf(r *http.Request) (*authn.Digest, error) {
	d := &authn.Digest{
		Name: "digest", Realm: realm, MaxBody: h.MaxBody,
		Accounts: pathAccount{r.PathValue("user"), r.PathValue("password")},
		// Strongest first, and MD5 for those who have nothing else (RFC 7616
		// section 3.7).
		Algorithms: []httpauth.DigestAlgorithm{httpauth.DigestSHA256, httpauth.DigestMD5},
	}
	for name := range strings.SplitSeq(r.PathValue("qop"), ",") {
		q := httpauth.DigestQOP(strings.ToLower(name))
		if !q.Known() {
			return nil, fmt.Errorf("invalid QOP directive: %q is neither auth nor auth-int", name)
		}
		d.QOP = append(d.QOP, q)
	}
	if name := r.PathValue("algorithm"); name != "" {
		a := httpauth.DigestAlgorithm(name)
		if !a.Known() {
			return nil, fmt.Errorf("invalid algorithm: %q is none of MD5, SHA-256, SHA-512-256 and SHA-512, with or without -sess", name)
		}
		d.Algorithms = []httpauth.DigestAlgorithm{a.Canonical()}
	}
	var uses uint64
	if after := r.PathValue("stale_after"); after != "" && after != "never" {
		var err error
		if uses, err = strconv.ParseUint(after, 10, 32); err != nil || uses == 0 {
			return nil, fmt.Errorf("invalid stale_after: %q is neither never nor a number from 1", after)
		}
	}
	d.Nonces = h.digest.nonces(h, uint32(uses))
	return d, nil
}
