// Package endpoint is for endpoints that somebody makes up: a path, and what it
// answers at which request: 401 twice and then 200, at every third request, at
// one of ten, late, cut off, or never.
//
// Start with [Set], which holds them and answers by [Set.Handler], and with
// [Decode], which reads a YAML file or a JSON document. [FromQuery] reads the
// short form of a URL.
//
//	endpoints:
//	  - {path: /orders, method: GET, answer: "401,401,200"}
//	  - {path: "/users/{id}", answer: token-expired, match: [header authorization present]}
//	  - path: /reports/**
//	    rate: 0.1
//	    seed: 7
//	    answers:
//	      - {status: 401, challenges: [none], delay: 500ms}
//	      - {json: {"for": "{request.header.X-User}"}}
//
// # The order of answers
//
// An endpoint counts its requests, apart for each session, and by count: for
// each client, connection or credential of it. The first request gets the first
// answer and so on; behind the last one it stays, or begins again (then:
// repeat). With every: n each nth request gets the first answer and the others
// the second; with rate: p that is a matter of chance, which seed makes the same
// each time.
//
// # Right where nothing else was said
//
// A 401 that says no more is the whole right answer: with a challenge, the error
// of the scheme that was sent, a body and the fields that keep caches away. What
// is said replaces that part alone, so that everything can be made wrong.
//
// # What it does not do
//
// It has no template language, no scripts and no files: {name} stands for a
// parameter of the path, and {now}, {uuid}, {request.header.NAME} and
// {request.query.NAME} for what they say. The handlers ask nobody for a proof.
package endpoint
