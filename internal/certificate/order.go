package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/gate401/gate401/store"
)

// orderTimeout bounds one order, the checks of the server included.
const orderTimeout = 5 * time.Minute

// Challenges that can be met (RFC 8737, RFC 8555 section 8.3).
const (
	challengeALPN = "tls-alpn-01"
	challengeHTTP = "http-01"
)

// obtain orders a certificate for host, stores it and takes it into use.
func (a *ACME) obtain(ctx context.Context, host string, registered *bool) (*tls.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	if !*registered {
		if err := a.register(ctx); err != nil {
			return nil, fmt.Errorf("registering with the ACME server: %w", err)
		}
		*registered = true
	}
	order, err := a.authorized(ctx, host)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: cn(host)}, DNSNames: []string{host},
	}, key)
	if err != nil {
		return nil, err
	}
	chain, _, err := a.client.CreateCertFromOrder(ctx, order, csr, true)
	if err != nil {
		return nil, fmt.Errorf("fetching the certificate: %w", err)
	}
	data, err := encode(key, chain)
	if err != nil {
		return nil, err
	}
	c, err := decode(data)
	if err != nil || !speaksFor(c.Leaf, host) || !a.now().Before(c.Leaf.NotAfter) {
		return nil, errors.New("the ACME server gave a certificate that is not for the host, the key and this time")
	}
	// In use even where it cannot be stored: that costs another order at the next
	// start, and not the traffic now.
	a.use(host, c)
	if err := a.vault.put(ctx, a.id(recordCert+host), data, c.Leaf.NotAfter); err != nil {
		a.Log.Error("the certificate is in use and could not be stored", "host", host, "error", err.Error())
	}
	return c, nil
}

// cn is the common name that old clients look at, which has at most 64 octets.
func cn(host string) string {
	if len(host) > 64 {
		return ""
	}
	return host
}

// register finds or makes the account (RFC 8555 section 7.3). Its key is made
// once for all processes on the store.
func (a *ACME) register(ctx context.Context) error {
	id := a.id(recordAccount)
	data, err := a.vault.get(ctx, id, a.now())
	if errors.Is(err, store.ErrNotFound) {
		var key *ecdsa.PrivateKey
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
			if data, err = encode(key, nil); err == nil {
				data, err = a.vault.create(ctx, id, data, a.now())
			}
		}
	}
	if err != nil {
		return err
	}
	key, err := decodeKey(data)
	if err != nil {
		return err
	}
	a.client.Key = key
	account := &acme.Account{}
	if a.Email != "" {
		account.Contact = []string{"mailto:" + a.Email}
	}
	// The file that names hosts agrees; the documentation says so.
	_, err = a.client.Register(ctx, account, acme.AcceptTOS)
	if errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil
	}
	return err
}

// authorized proves that host is ours, by one challenge after the other, and
// returns the order that may be finished.
func (a *ACME) authorized(ctx context.Context, host string) (*acme.Order, error) {
	types := []string{challengeALPN}
	if a.HTTP {
		types = append(types, challengeHTTP)
	}
	var failed []error
	for _, typ := range types {
		order, err := a.client.AuthorizeOrder(ctx, acme.DomainIDs(host))
		if err != nil {
			return nil, errors.Join(append(failed, fmt.Errorf("ordering: %w", err))...)
		}
		if order.Status == acme.StatusPending {
			err = a.prove(ctx, order, host, typ)
		}
		if err == nil {
			if order, err = a.client.WaitOrder(ctx, order.URI); err == nil {
				return order, nil
			}
		}
		if ctx.Err() != nil {
			return nil, errors.Join(append(failed, fmt.Errorf("%s: %w", typ, ctx.Err()))...)
		}
		failed = append(failed, fmt.Errorf("%s: %w", typ, err))
	}
	return nil, errors.Join(failed...)
}

// prove meets the challenges of an order.
func (a *ACME) prove(ctx context.Context, order *acme.Order, host, typ string) error {
	for _, url := range order.AuthzURLs {
		z, err := a.client.GetAuthorization(ctx, url)
		if err != nil {
			return err
		}
		if z.Status != acme.StatusPending {
			continue
		}
		i := slices.IndexFunc(z.Challenges, func(c *acme.Challenge) bool { return c.Type == typ })
		if i < 0 {
			// One that is left pending counts against the account.
			_ = a.client.RevokeAuthorization(ctx, url)
			return errors.New("the ACME server does not offer this challenge")
		}
		done, err := a.offer(ctx, z.Challenges[i], host)
		if err != nil {
			return err
		}
		if _, err = a.client.Accept(ctx, z.Challenges[i]); err == nil {
			_, err = a.client.WaitAuthorization(ctx, url)
		}
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

// offer makes the answer to a challenge known to all processes on the store; done
// takes it back.
func (a *ACME) offer(ctx context.Context, c *acme.Challenge, host string) (done func(), err error) {
	expires := a.now().Add(2 * orderTimeout)
	var id string
	if c.Type == challengeALPN {
		cert, err := a.client.TLSALPN01ChallengeCert(c.Token, host)
		if err != nil {
			return nil, err
		}
		key, ok := cert.PrivateKey.(*ecdsa.PrivateKey)
		if !ok {
			return nil, errors.New("the proof has a key of an unexpected kind")
		}
		data, err := encode(key, cert.Certificate)
		if err != nil {
			return nil, err
		}
		id = a.id(recordProof + host)
		a.mu.Lock()
		a.proofs[host] = &cert
		a.mu.Unlock()
		if err := a.vault.put(ctx, id, data, expires); err != nil {
			return nil, err
		}
	} else {
		answer, err := a.client.HTTP01ChallengeResponse(c.Token)
		if err != nil {
			return nil, err
		}
		id = a.id(recordToken + c.Token)
		a.mu.Lock()
		a.tokens[c.Token] = []byte(answer)
		a.mu.Unlock()
		if err := a.vault.put(ctx, id, []byte(answer), expires); err != nil {
			return nil, err
		}
	}
	return func() {
		a.mu.Lock()
		delete(a.proofs, host)
		delete(a.tokens, c.Token)
		a.mu.Unlock()
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = a.vault.remove(tidy, id)
	}, nil
}

// proof is the certificate that proves to the ACME server that host is ours (RFC
// 8737 section 3), of this process or of another one.
func (a *ACME) proof(ctx context.Context, host string) (*tls.Certificate, error) {
	a.mu.Lock()
	c := a.proofs[host]
	a.mu.Unlock()
	if c != nil {
		return c, nil
	}
	data, err := a.vault.get(ctx, a.id(recordProof+host), a.now())
	if err != nil {
		return nil, errors.New("nobody orders a certificate for this name now")
	}
	return decode(data)
}

// ChallengeALPN is the protocol by which the ACME server asks for the proof (RFC
// 8737 section 6.2); a tls.Config that meets challenges has it in its NextProtos.
const ChallengeALPN = acme.ALPNProto

// ChallengePath is where the ACME server looks for the answer to http-01 (RFC
// 8555 section 8.3).
const ChallengePath = "/.well-known/acme-challenge/"

// maxToken is more than the tokens of servers have.
const maxToken = 256

// Challenge answers a request of the ACME server below ChallengePath, or with 404.
func (a *ACME) Challenge(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.URL.Path, ChallengePath)
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	answer := []byte(nil)
	// base64url alone (RFC 8555 section 8.3).
	if ok && token != "" && len(token) <= maxToken && a.Speaks(host) && !strings.ContainsFunc(token, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	}) {
		answer = a.answer(r.Context(), token)
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if answer == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("There is no such challenge.\n"))
		return
	}
	_, _ = w.Write(answer) //nolint:gosec // G705: it is what we made, and no HTML
}

func (a *ACME) answer(ctx context.Context, token string) []byte {
	a.mu.Lock()
	answer := a.tokens[token]
	a.mu.Unlock()
	if answer != nil {
		return answer
	}
	answer, err := a.vault.get(ctx, a.id(recordToken+token), a.now())
	if err != nil {
		return nil
	}
	return answer
}

// explain says what an ACME server or the way to it complained of, and what to do.
func explain(err error) (cause, hint string) {
	cause = err.Error()
	var refused *acme.AuthorizationError
	var problem *acme.Error
	var trust x509.UnknownAuthorityError
	var resolve *net.DNSError
	switch {
	case errors.As(err, &refused):
		if len(refused.Errors) == 0 {
			break
		}
		return cause, "the ACME server must reach this host: the name leads here, port 443 leads to gate.listen for tls-alpn-01, port 80 to tls.redirect for http-01"
	case errors.As(err, &problem):
		switch strings.TrimPrefix(problem.ProblemType, "urn:ietf:params:acme:error:") {
		case "rateLimited":
			return cause, "the ACME server counts orders and failures; use its directory for tests while you try"
		case "rejectedIdentifier":
			return cause, "the ACME server gives no certificate for this name"
		case "caa":
			return cause, "a CAA record of the domain names another authority (RFC 8659)"
		}
	case errors.As(err, &trust):
		return cause, "tls.acme.ca_file: the certificates of the authority that the ACME server is trusted by"
	case errors.As(err, &resolve):
		return cause, "the name of the ACME server cannot be resolved from here"
	}
	return cause, ""
}
