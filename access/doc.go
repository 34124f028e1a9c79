// Package access turns rules into a policy: which request must prove what.
//
// Start with [Compile], which checks all rules at once, and put the method
// [Policy.Requirement] of what it returns into [gate401.Gate]. [Policy.Explain]
// tells which rules match a request and why one of them won, and [Policy.Lint]
// what is allowed and probably not meant.
//
// # Patterns
//
//	/orders                  itself
//	/orders/*                exactly one segment below
//	/orders/**               itself and everything below; only at the end
//	/users/{user}/orders     one segment, captured, to be used as Owner: "{user}"
//
//	pattern         matches                              does not match
//	/orders         /orders  /orders/                    /orders/7  /Orders  /ordersX
//	/orders/        /orders/                             /orders
//	/orders/*       /orders/7  /orders/7/                /orders  /orders/  /orders/7/lines
//	/orders/**      /orders  /orders/  /orders/7/lines   /ordersX
//	/users/{user}   /users/ada  /users/ada/              /users  /users/  /users/ada/orders
//	/**             everything                           -
//	/caf%C3%A9      /café  /caf%c3%a9                    /cafe
//	/a@b            /a@b  /a%40b                         -
//
// Paths are compared in the spelling of [gate401.CanonicalPath], and beyond that
// a sub-delimiter, ":" or "@" equals its percent-encoded form (RFC 3986 section
// 3.3), because servers decode them before they route. They are compared case
// by case: an upstream that ignores case needs rules for /** and what is public.
//
// A slash at the end does not change which rule is found, unless a rule is
// written with one: servers commonly give the same answer to /admin and /admin/,
// so whoever protects one protects the other. A capture or "*" never matches an
// empty segment.
//
// # Hosts and verbs
//
// A host is exact, or *.example.com for every host below example.com, at any
// depth, but not itself. It is what the client says: where the upstream serves
// the same under any name, protect paths without naming a host.
//
// Verbs are exact (RFC 9110 section 9.1). GET stands for GET and HEAD, and HEAD
// is not listed without GET, because the answer to HEAD tells what GET would. A
// request whose verb the rule does not list is judged by the next rule that
// matches, in the end by the default.
//
// # Which rule wins
//
// The order in which rules are written means nothing. Of the rules that match
//
//  1. the one for the more specific host wins: exact, then the longest
//     *.domain, then any host;
//  2. then that with the more specific path: segment by segment from the left,
//     a literal before a capture, before "*", before "**"; a path that ends
//     before one that goes on with "**"; one with a slash at the end, if the
//     request has one, before one without;
//  3. then one that lists verbs before one that does not.
//
// For GET /users/ada/orders, best first:
//
//	api.example.com  /**
//	                 /users/ada/**
//	                 /users/{user}/orders
//	                 /users/{user}/**
//	                 /users/*/orders
//	                 /**
//
// Two rules between which this does not decide are an error.
//
// # What it does not do
//
// It verifies nothing: it says what is asked, and [gate401.Gate] checks it. It
// does not look at headers, queries or bodies. A nil or zero [Policy] refuses
// everything.
package access
