// Package openid logs people in to a running gate401 through OpenID providers that
// nobody here wrote: oidc-provider for Node, by a client with a cookie jar and by
// Chromium.
package openid
