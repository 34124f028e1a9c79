package token

import (
	"crypto"
)

// PublicKeyOf is the standard library's form of a key, for oracles.
func PublicKeyOf(k *SigningKey) crypto.PublicKey { return k.private.Public() }

// PrivateKeyOf is the private half, for oracles.
func PrivateKeyOf(k *SigningKey) crypto.Signer { return k.private }

// Idle waits for the fetches under way.
func (r *RemoteKeys) Idle() { r.running.Wait() }
