package certificate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

// Sealer encrypts small secrets for the store; internal/seal has one.
type Sealer interface {
	Seal(kind, id string, plain []byte) ([]byte, error)
	Open(kind, id string, sealed []byte) ([]byte, error)
}

// kind binds what is sealed to what it is.
const kind = "certificate"

// vault keeps secrets in the store, sealed.
type vault struct {
	records store.Certificates
	sealer  Sealer
}

// get returns the secret of that id, or store.ErrNotFound also where it has
// expired.
func (v vault) get(ctx context.Context, id string, now time.Time) ([]byte, error) {
	c, err := v.records.Certificate(ctx, id)
	if err != nil {
		return nil, err
	}
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return nil, store.ErrNotFound
	}
	return v.sealer.Open(kind, id, c.Sealed)
}

// put stores a secret, whatever was there.
func (v vault) put(ctx context.Context, id string, secret []byte, expires time.Time) error {
	sealed, err := v.sealer.Seal(kind, id, secret)
	if err != nil {
		return err
	}
	// Whoever was faster is overwritten; a second loser in a row is bad luck.
	for range 5 {
		fresh := store.Certificate{ID: id, Sealed: sealed, Expires: expires}
		before, err := v.records.Certificate(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			_, err = v.records.CreateCertificate(ctx, fresh)
		case err == nil:
			fresh.Version = before.Version
			_, err = v.records.UpdateCertificate(ctx, fresh)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return fmt.Errorf("storing %s: %w", id, store.ErrConflict)
}

// create stores a secret, or returns the one that was there already.
func (v vault) create(ctx context.Context, id string, secret []byte, now time.Time) ([]byte, error) {
	sealed, err := v.sealer.Seal(kind, id, secret)
	if err != nil {
		return nil, err
	}
	_, err = v.records.CreateCertificate(ctx, store.Certificate{ID: id, Sealed: sealed})
	if errors.Is(err, store.ErrExists) {
		return v.get(ctx, id, now)
	}
	return secret, err
}

func (v vault) remove(ctx context.Context, id string) error {
	if err := v.records.DeleteCertificate(ctx, id); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// sweep removes what below prefix has been of no use for a day.
func (v vault) sweep(ctx context.Context, prefix string, now time.Time) error {
	for after := prefix; ; {
		list, err := v.records.ListCertificates(ctx, after, 0)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			after = c.ID
			if len(c.ID) < len(prefix) || c.ID[:len(prefix)] != prefix {
				return nil
			}
			if c.Expires.IsZero() || now.Sub(c.Expires) < 24*time.Hour {
				continue
			}
			if err := v.remove(ctx, c.ID); err != nil {
				return err
			}
		}
	}
}

// encode writes a key and the certificates for it as PEM, in the form in which
// other ACME clients keep them too.
func encode(key crypto.Signer, chain [][]byte) ([]byte, error) {
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key of the unexpected kind %T", key)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	for _, c := range chain {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c}))
	}
	return out.Bytes(), nil
}

// decode is the inverse of encode, for what has certificates.
func decode(data []byte) (*tls.Certificate, error) {
	c, err := tls.X509KeyPair(data, data)
	if err != nil {
		return nil, errors.New("what is stored is no certificate with its key")
	}
	return &c, nil
}

// decodeKey is the inverse of encode, for a key alone.
func decodeKey(data []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("what is stored is no key")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("what is stored is no key")
	}
	return key, nil
}
