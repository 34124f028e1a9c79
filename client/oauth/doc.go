// Package oauth logs a person or a program in at any OAuth 2.0 or OpenID Connect
// server, and keeps the tokens good.
//
// Start with [Find], which takes the URL of an issuer or of an API, and with
// [Client.Browser], [Client.Device] or [Client.Credentials]. What they return is
// kept as a storage.Entry, and [Source] gives it to package client:
//
//	place, err := oauth.Find(ctx, nil, "https://api.example.com/orders")
//	c := &oauth.Client{Server: place.Server, ID: "cli", Resources: place.Resources()}
//	tokens, err := c.Browser(ctx, func(url string) { fmt.Println("open", url) })
//	entry := c.Entry(tokens, place)
//	err = store.Put(ctx, entry)
//	source := &oauth.Source{Store: store, Key: entry.Key}
//
// # What is demanded of a server
//
// https everywhere, but for servers on this machine; metadata whose issuer is
// the one that was asked (RFC 8414 section 3.3); PKCE with S256 (RFC 7636); the
// iss of the answer where the server promises it (RFC 9207). Only the code that
// comes back with our state counts. Answers are bounded in size and time, and no
// redirect is followed with a secret.
//
// # What it does not do
//
// It knows no password grant and no implicit grant, verifies no ID token (it
// asks who may do something, not who somebody is), and has no client assertions,
// no DPoP and no PAR.
package oauth
