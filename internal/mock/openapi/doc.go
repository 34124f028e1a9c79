// Package openapi plays the API that an OpenAPI document describes: its paths
// answer with the examples of the document, and its security is enforced by real
// gates instead of by a look at whether a field is there.
//
// Start with [Load], which reads OpenAPI 3.0, 3.1 and Swagger 2.0 in JSON or
// YAML, and with [Document.Handler]. [Document.Credentials] are what it accepts,
// ready to be sent. [Library] holds several documents and has the API by which
// they come and go.
//
// # Security
//
// Each scheme is what it says: http basic and digest with a user and a password,
// http bearer with tokens that the mock knows or signed, apiKey with keys in
// their place, oauth2 and openIdConnect with tokens that the mock signed and
// whose scopes count (403 insufficient_scope). The schemes of one requirement
// must all be fulfilled, and one of the requirements; {} among them lets pass
// who sends nothing, but nobody with a wrong credential. The security of an
// operation replaces that of the document.
//
// A refusal is the gate's, with the challenges of every scheme that would do. An
// example that the document has for it is its body, never its challenge.
//
// What cannot be enforced here, mutualTLS and the roles of other schemes, is
// named in [Document.Warnings], and answers to requests that it should have
// stopped have the field Gate401-Not-Enforced.
//
// # What it does not do
//
// It follows no reference out of the document, judges no request beyond its
// credentials, and logs nobody in: the URLs of flows are not looked at.
package openapi
