// Package consent is the authorization endpoint as people meet it: it finds out
// who is at the browser, asks whether the program that sent them here may act for
// them, and sends the answer back to the program. The page where a person types
// the code of a device is here, too.
//
// Start with [Endpoint], and its ServeHTTP.
//
// It decides nothing about OAuth itself: which requests are good, what a code
// stands for and when it is used up is the issuer's. It asks nobody for a
// password: the login page is handed in, and shown in place of its own.
package consent
