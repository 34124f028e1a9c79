// Package tls tests how the gate speaks https: with certificates in files, with
// an ACME server that nobody here wrote, with curl and with a browser.
package tls
