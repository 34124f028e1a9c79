package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/gate401/gate401/store"
)

// ACME gets certificates from a server that speaks RFC 8555, one for each host,
// and renews them. Its fields are set before Open and not changed after.
//
// Everything that must outlast the process is in the store, sealed: the account,
// the certificates with their keys, and the answers to challenges, so that any
// process on the store can give them. Orders are made by Run and never by a
// handshake, so that no stranger can cause one.
type ACME struct {
	// Hosts are the names, in small letters; nobody gets a certificate for another.
	Hosts []string
	// Email is where the server may write to; may be empty.
	Email string
	// Directory is the URL of the server's directory.
	Directory string
	// Roots are the authorities that the directory is trusted by; nil means those
	// of the system.
	Roots *x509.CertPool
	// Records and Sealer keep what was got.
	Records store.Certificates
	Sealer  Sealer
	// HTTP tells that Challenge is served on port 80, so that the http-01
	// challenge can be met beside tls-alpn-01.
	HTTP bool
	// UserAgent of the requests to the server (RFC 8555 section 6.1).
	UserAgent string
	// Log gets what happens; nil discards it.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	vault  vault
	client *acme.Client
	certs  atomic.Pointer[map[string]*tls.Certificate] // by host

	mu     sync.Mutex
	proofs map[string]*tls.Certificate // by host, for tls-alpn-01
	tokens map[string][]byte           // by token, for http-01
}

// Names of the records, below the directory: an account of one server is nothing
// to another, and a certificate of a server for tests must not stay in use when
// the file names the real one.
const (
	recordAccount = "account"
	recordCert    = "cert/"
	recordLease   = "lease/"
	recordProof   = "proof/"
	recordToken   = "token/"
)

func (a *ACME) id(what string) string {
	return "acme/" + strings.TrimPrefix(a.Directory, "https://") + "#" + what
}

// Open reads the certificates that the store has. It asks the server nothing.
func (a *ACME) Open(ctx context.Context) error {
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	a.vault = vault{a.Records, a.Sealer}
	a.proofs, a.tokens = map[string]*tls.Certificate{}, map[string][]byte{}
	a.certs.Store(&map[string]*tls.Certificate{})
	for _, host := range a.Hosts {
		if _, err := a.stored(ctx, host); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading the certificate of %s: %w", host, err)
		}
	}
	return nil
}

func (a *ACME) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// Speaks tells whether host is one of Hosts.
func (a *ACME) Speaks(host string) bool { return slices.Contains(a.Hosts, strings.ToLower(host)) }

// Ready says for which host there is no certificate yet.
func (a *ACME) Ready() error {
	certs := *a.certs.Load()
	for _, host := range a.Hosts {
		if certs[host] == nil {
			return fmt.Errorf("no certificate for %s yet", host)
		}
	}
	return nil
}

// GetCertificate is for a tls.Config whose NextProtos include ChallengeALPN. A
// client that asks for no name gets the certificate of the first host; one that
// asks for another name, none.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if name == "" {
		name = a.Hosts[0]
	}
	if !a.Speaks(name) {
		return nil, errors.New("a name that is not one of the gate's")
	}
	if slices.Equal(hello.SupportedProtos, []string{ChallengeALPN}) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return a.proof(ctx, name)
	}
	if c := (*a.certs.Load())[name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("no certificate for %s yet", name)
}

// Run gets and renews certificates until ctx ends.
func (a *ACME) Run(ctx context.Context) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: a.Roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute,
	}
	defer transport.CloseIdleConnections()
	a.client = &acme.Client{
		DirectoryURL: a.Directory, UserAgent: a.UserAgent, HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second},
	}
	if err := a.vault.sweep(ctx, a.id(""), a.now()); err != nil && ctx.Err() == nil {
		a.Log.Info("old records of the ACME client stay", slog.String("error", err.Error()))
	}
	registered := false
	for {
		next := a.now().Add(time.Hour)
		for _, host := range a.Hosts {
			at := a.tend(ctx, host, &registered)
			if ctx.Err() != nil {
				return
			}
			if at.Before(next) {
				next = at
			}
		}
		pause := time.NewTimer(max(next.Sub(a.now()), time.Second))
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// tend sees to one host and says when it has to be seen to again.
func (a *ACME) tend(ctx context.Context, host string, registered *bool) time.Time {
	if c := (*a.certs.Load())[host]; c != nil && a.now().Before(renewal(c.Leaf)) {
		return renewal(c.Leaf)
	}
	// Another process may have renewed it.
	if c, err := a.stored(ctx, host); err == nil && a.now().Before(renewal(c.Leaf)) {
		return renewal(c.Leaf)
	}
	l, err := a.vault.acquire(ctx, a.id(recordLease+host), a.now())
	var held errHeld
	switch {
	case errors.As(err, &held):
		if held.failures > 0 {
			a.Log.Info("the next order of a certificate waits, since the ones before failed", slog.String("host", host),
				slog.Int("failures", held.failures), slog.Time("until", held.until))
			return held.until
		}
		// It may be done at any time.
		return a.now().Add(2 * time.Second)
	case err != nil:
		a.Log.Warn("the store cannot be asked for a certificate", slog.String("host", host), slog.String("error", err.Error()))
		return a.now().Add(10 * time.Second)
	}
	// It may have been got between our look and the lease.
	if c, err := a.stored(ctx, host); err == nil && a.now().Before(renewal(c.Leaf)) {
		_ = l.release(ctx, a.now())
		return renewal(c.Leaf)
	}
	c, err := a.obtain(ctx, host, registered)
	// The lease is given up even where ctx has ended.
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil && ctx.Err() != nil {
		_ = l.release(tidy, a.now())
		return a.now()
	}
	if err != nil {
		wait, _ := acme.RateLimit(err)
		until, stored := l.pause(tidy, a.now(), wait)
		a.failed(host, err, until)
		if stored != nil {
			a.Log.Warn("the pause is not known to other processes", slog.String("error", stored.Error()))
		}
		return until
	}
	if err := l.release(tidy, a.now()); err != nil {
		a.Log.Warn("the lease stays until it expires", slog.String("host", host), slog.String("error", err.Error()))
	}
	a.Log.Info("certificate obtained", slog.String("host", host), slog.Time("not_after", c.Leaf.NotAfter), slog.Time("renewal", renewal(c.Leaf)))
	return renewal(c.Leaf)
}

// failed says why there is no certificate, in words for whoever can do something.
func (a *ACME) failed(host string, err error, until time.Time) {
	level := slog.LevelError
	if c := (*a.certs.Load())[host]; c != nil && a.now().Before(c.Leaf.NotAfter) {
		level = slog.LevelWarn // there is one that is good for a while
	}
	cause, hint := explain(err)
	attrs := []slog.Attr{slog.String("host", host), slog.String("error", cause), slog.Time("next", until)}
	if hint != "" {
		attrs = append(attrs, slog.String("hint", hint))
	}
	a.Log.LogAttrs(context.Background(), level, "no certificate was given", attrs...)
}

// renewal is when a certificate is renewed: when a third of its life is left, and
// a little earlier for some than for others.
func renewal(leaf *x509.Certificate) time.Time {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	h := fnv.New32a()
	_, _ = h.Write(leaf.Raw)
	early := life / 60 * time.Duration(h.Sum32()%1000) / 1000
	return leaf.NotAfter.Add(-life/3 - early)
}

// stored takes the certificate of a host from the store into use.
func (a *ACME) stored(ctx context.Context, host string) (*tls.Certificate, error) {
	data, err := a.vault.get(ctx, a.id(recordCert+host), a.now())
	if err != nil {
		return nil, err
	}
	c, err := decode(data)
	if err != nil {
		return nil, err
	}
	if !speaksFor(c.Leaf, host) {
		return nil, fmt.Errorf("the certificate that is stored for %s is for another name", host)
	}
	a.use(host, c)
	return c, nil
}

func (a *ACME) use(host string, c *tls.Certificate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	certs := maps.Clone(*a.certs.Load())
	certs[host] = c
	a.certs.Store(&certs)
}
