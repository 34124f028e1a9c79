// Package oauth lets clients that nobody here wrote judge the gate's authorization
// server, through the real program: golang.org/x/oauth2 and coreos/go-oidc, and for
// Node openid-client, oauth4webapi and the SDK of the Model Context Protocol. It
// also kills the program at any moment, and looks at what is left.
//
// There is nothing here but tests; what each endpoint answers is tested beside it.
package oauth
