package token

import (
	"crypto"
	"fmt"
	"strings"
)

// The signature algorithms that this package knows, by their exact names in the
// registry of RFC 7518 section 3.1 and RFC 8037 section 3.1. Names are compared
// case by case: "none", "None" and "rs256" are all unknown.
const (
	RS256 = "RS256"
	RS384 = "RS384"
	RS512 = "RS512"
	PS256 = "PS256"
	PS384 = "PS384"
	PS512 = "PS512"
	ES256 = "ES256"
	ES384 = "ES384"
	ES512 = "ES512"
	EdDSA = "EdDSA"
	HS256 = "HS256"
)

// algID is an algorithm as a small number, so that an allow-list is one word.
type algID uint8

const (
	algUnknown algID = iota
	algRS256
	algRS384
	algRS512
	algPS256
	algPS384
	algPS512
	algES256
	algES384
	algES512
	algEdDSA
	algHS256
)

// algSet is a set of algorithms; the zero value allows none.
type algSet uint16

const (
	rsaAlgs        algSet = 1<<algRS256 | 1<<algRS384 | 1<<algRS512 | 1<<algPS256 | 1<<algPS384 | 1<<algPS512
	asymmetricAlgs algSet = rsaAlgs | 1<<algES256 | 1<<algES384 | 1<<algES512 | 1<<algEdDSA
)

func (s algSet) has(a algID) bool { return a != algUnknown && s&(1<<a) != 0 }

func (s algSet) String() string {
	var names []string
	for a := algRS256; a <= algHS256; a++ {
		if s.has(a) {
			names = append(names, a.String())
		}
	}
	return strings.Join(names, ", ")
}

func parseAlg(name string) algID {
	switch name {
	case RS256:
		return algRS256
	case RS384:
		return algRS384
	case RS512:
		return algRS512
	case PS256:
		return algPS256
	case PS384:
		return algPS384
	case PS512:
		return algPS512
	case ES256:
		return algES256
	case ES384:
		return algES384
	case ES512:
		return algES512
	case EdDSA:
		return algEdDSA
	case HS256:
		return algHS256
	}
	return algUnknown
}

func (a algID) String() string {
	switch a {
	case algRS256:
		return RS256
	case algRS384:
		return RS384
	case algRS512:
		return RS512
	case algPS256:
		return PS256
	case algPS384:
		return PS384
	case algPS512:
		return PS512
	case algES256:
		return ES256
	case algES384:
		return ES384
	case algES512:
		return ES512
	case algEdDSA:
		return EdDSA
	case algHS256:
		return HS256
	}
	return "unknown"
}

// hash is the hash function of the algorithm; zero for EdDSA, which has its own.
func (a algID) hash() crypto.Hash {
	switch a {
	case algRS256, algPS256, algES256, algHS256:
		return crypto.SHA256
	case algRS384, algPS384, algES384:
		return crypto.SHA384
	case algRS512, algPS512, algES512:
		return crypto.SHA512
	}
	return 0
}

// parseAlgs compiles an allow-list. An empty list is every asymmetric
// algorithm: a shared secret must be asked for by name.
func parseAlgs(names []string) (algSet, error) {
	if len(names) == 0 {
		return asymmetricAlgs, nil
	}
	var set algSet
	for _, name := range names {
		a := parseAlg(name)
		if a == algUnknown {
			return 0, fmt.Errorf("algorithm %q is not one of %s", name, asymmetricAlgs|1<<algHS256)
		}
		set |= 1 << a
	}
	return set, nil
}
