// Package capture reads what people have at hand of a failing request (a curl
// command, a HAR file, a request and its response as text, a Postman collection,
// a URL) into Exchanges that explain can judge.
//
// Nothing is sent and no file is opened here, except by [Sender], which makes a
// request itself when it is told to.
package capture
