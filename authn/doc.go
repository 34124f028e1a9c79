// Package authn has the ways to prove who one is, one file per method: [Basic]
// against the accounts of a store or an htpasswd file, [Digest], [APIKey], [Bearer]
// for the tokens of any number of issuers and the gate's own keys, and [Session]
// for the cookie of a browser in which somebody has logged in.
//
// Start with a method as a struct literal and put it into a rule's
// [gate401.Requirement]:
//
//	keys := &authn.Keys{Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision, Used: set.APIKeys}
//	defer keys.Close()
//	accept := []gate401.Authenticator{
//		&authn.Bearer{Realm: "orders", Keys: keys, Tokens: []authn.TokenVerifier{{Verifier: v, Issuer: issuer}}},
//		&authn.APIKey{Realm: "orders", Keys: keys},
//		&authn.Basic{Realm: "orders", Sources: []authn.Passwords{
//			&authn.StorePasswords{Accounts: set.Accounts, Changes: set.Revision}}},
//	}
//
// and with package authn/authntest, which checks a method of one's own against
// the contract.
//
// # What is remembered
//
// A credential that was right is not verified again for a short time: a request
// with it costs one hash and one look-up in memory. The entry is found by a hash
// with a random key, never ends after the credential does, and is compared with
// the store's change feed at each use: when the record has changed in any way,
// the credential is forgotten at once. Wrong passwords and keys are never
// remembered, so that the guard counts them; tokens whose signature or content
// is wrong are, for a moment, so that sending one again costs no verification.
//
// # What it does not do
//
// It counts no attempts (package defend does), judges no rules (package access),
// opens no store, and writes no answers. It begins no sessions and knows no
// introspection, and Digest reads no file and no store by itself.
package authn
