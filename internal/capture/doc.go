// Package capture reads what people have at hand of a failing request (a curl
// command, a HAR file, a request and its response as text, a Postman collection,
// a URL) into Exchanges that explain can judge.
//
// Start with [Curl] and [HAR]; [Raw], [Postman], [URL] and [CurlArgs] read the
// rest, and [Sender] makes a request. All of them give the same: what the client
// sent, or would send, with what it adds by itself, and what came back. What the
// source leaves out is told by Request.Incomplete and by notes, never guessed.
//
// Nothing is sent and no file is opened here, except by [Sender], which makes a
// request itself when it is told to. Nothing is judged here, and secrets stay in
// what is returned: who shows it hides them. Errors and notes hold none.
package capture
