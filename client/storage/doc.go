// Package storage keeps the tokens of a client: in memory, in a file that only
// its owner can read, or in the keyring of the desktop.
//
// Start with [NewFile] or [NewKeyring], and with [Store.Put] and [Store.Get]:
//
//	store, err := storage.NewFile("")
//	if err != nil {
//		return err
//	}
//	err = store.Put(ctx, entry)
//
// Whoever renews a token holds [Store.Lock] meanwhile: a refresh token that two
// processes use at once is taken for a stolen one by servers that rotate them
// (RFC 9700 section 4.14.2).
//
// It talks to no server, renews nothing (package client/oauth does), and does
// not encrypt the file: who can read it as its owner can also read the key.
package storage
