package reason

// requestTable holds the reasons that arise before any credential is looked
// at closely: nothing came, or what came cannot be read.
var requestTable = []Info{
	{
		Code:   AuthorizationMalformed,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The Authorization header cannot be read",
		Detail: "Send one Authorization header with a scheme, one space and the credentials, and nothing else.",
		Explain: "The request has an Authorization header, but its value does not follow the grammar: a scheme such as Bearer, one space, then the credentials. " +
			"A server does not guess what was meant, because two programs that guess differently can be played against each other. " +
			"The usual causes are a scheme with nothing behind it (an empty variable in a script), the scheme written twice (`Bearer Bearer ...`), quotation marks or angle brackets copied along with the token, a line break at its end, or an invisible character from a web page.",
		FixUser:     "Log out, log in again and repeat what you did. If it happens again, the program that you use has a fault: tell its support the request id.",
		FixCaller:   "Print the exact header that leaves your program (`curl -v`, or the network tab of the browser) and compare it with `Authorization: Bearer <token>`. Check that the variable with the token is not empty, trim line breaks, and do not add the scheme twice.",
		FixOperator: "Look at the trace of the request id: it names the offset at which reading stopped. If many clients are affected at once, look for a proxy in front of the gate that rewrites or shortens headers.",
		Spec:        "RFC 9110 11.4, 11.6.2; RFC 6750 2.1; RFC 7617 2",
		Since:       "0.1.0",
	},
	{
		Code:   AuthorizationMisspelt,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The credentials came in a misspelt header",
		Detail: "Send the credentials in a header spelt Authorization, with one space between scheme and credentials.",
		Explain: "No Authorization header was found, but something that was plainly meant to be one: a header named `Authorisation`, `Authentication`, `Auth` or `X-Authorization`, or a scheme that is glued to the token (`Bearer:token`, `Bearer=token`, `Bearertoken`). " +
			"HTTP knows the credentials only under the one name, so a server that follows the standard sees a request without any. " +
			"The usual cause is a typing mistake, or an example copied from a system with header names of its own.",
		FixUser:     "There is nothing that you can do in the browser. Tell the support of the program that you use the request id.",
		FixCaller:   "Name the header `Authorization` (with a z, without a prefix) and put exactly one space between the scheme and the credentials: `Authorization: Bearer <token>`.",
		FixOperator: "If callers are sure that they send the right header, look for a proxy or a content delivery network that renames it on the way. The trace shows under which name the credentials arrived.",
		Spec:        "RFC 9110 11.6.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:   CredentialsAmbiguous,
		Status: 400,
		Error:  "invalid_request",
		Retry:  RetryFixRequest,
		Title:  "The request carries contradicting credentials",
		Detail: "Send exactly one credential, in exactly one place.",
		Explain: "The request has two Authorization headers, or the same kind of credential twice with different values, for example one API key in the header and another in the address. " +
			"A server must not choose: whichever it took, a proxy on the way may have checked the other one. " +
			"This happens when an HTTP library has a default header and the call adds its own, when a browser page adds a token to a request that already carries one, or when a proxy adds credentials without removing those of the caller.",
		FixUser:     "Clear this site's cookies, log in again and repeat what you did. If it happens again, tell support the request id.",
		FixCaller:   "Look at the request as it leaves your program. Remove the default header of the HTTP client or the header of the single call, so that one remains. In most libraries `set` replaces a header, `add` makes a second one.",
		FixOperator: "Check whether a proxy in front of the gate adds credentials of its own. If so, let it remove what the caller sent first.",
		Spec:        "RFC 9110 5.3, 11.6.2; RFC 6750 2, 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   CredentialsMissing,
		Status: 401,
		Retry:  RetryReauthenticate,
		Title:  "Credentials are required",
		Detail: "Send the request again with credentials for one of the schemes in the WWW-Authenticate header.",
		Explain: "This address is protected, and the request carried nothing that says who is asking. " +
			"That is no error in itself: it is how HTTP asks for credentials, and the WWW-Authenticate headers of the answer name every way to give them. " +
			"When a client believes that it did send them, they were usually lost on the way: an HTTP library drops the Authorization header when a redirect leads to another host, some proxies and CGI set-ups do not pass it on, a browser does not send cookies to another site, and a variable with a token may simply be empty.",
		FixUser:     "Say who you are: type name and password if the browser asks for them, or sign in through the application that led you here. If you did that already, reload the page, or start again from the application.",
		FixCaller:   "Add the credentials: `Authorization: Bearer <token>`, or another scheme that the WWW-Authenticate headers name. If your code does that, follow the redirects by hand (`curl -v -L`) and look at which hop the header disappears.",
		FixOperator: "Nothing needs fixing if the route is meant to be protected; otherwise allow it with `allow: anyone`. If clients do send credentials, let the proxies in front of the gate pass the Authorization header on.",
		Spec:        "RFC 9110 15.5.2, 11.6.1; RFC 6750 3, 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   RequestMalformed,
		Status: 400,
		Error:  "invalid_request",
		Retry:  RetryFixRequest,
		Title:  "The request cannot be read",
		Detail: "Correct the address or the fields of the request; the same request is refused again.",
		Explain: "Some part of the request that the decision depends on is broken or means different things to different programs: an address with a null byte, a broken percent sequence or hidden path steps, a field that is far too long, or a body that is not what its type promises. " +
			"It is refused before anyone asks for credentials, because a path that the gate reads one way and the application another is the oldest way around a gate. " +
			"The usual causes are text put into an address without encoding it, and scanners that look for exactly this weakness.",
		FixUser:     "Check the address in the address bar, or go back to the start page and follow the links from there. If a link of the site led here, tell support the request id.",
		FixCaller:   "Build the address with the functions of your URL library instead of joining strings, so that every part is percent-encoded once. Keep header fields below a few kilobytes.",
		FixOperator: "The trace of the request id says which part was refused and why. A single request of this kind is noise; many from one address are a scan.",
		Spec:        "RFC 9110 15.5.1, 17.3, 17.5; RFC 3986 6.2.2; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   SchemeUnsupported,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "This authentication scheme is not accepted here",
		Detail: "Use one of the schemes in the WWW-Authenticate header.",
		Explain: "The Authorization header is readable, but its first word names a scheme that this address does not accept, such as `Token`, `JWT` or `ApiKey` where `Bearer` is wanted, or Basic where only tokens count. " +
			"The WWW-Authenticate headers of the answer list what is accepted. " +
			"Usually the header was copied from the documentation of another API, or the token was sent with no scheme at all, so that its beginning is taken for one.",
		FixUser:     "There is nothing that you can do in the browser. Tell the support of the program that you use the request id.",
		FixCaller:   "Compare the first word of your Authorization header with the first words of the WWW-Authenticate headers, and use one of them. Upper and lower case do not matter, the word does.",
		FixOperator: "If the scheme should work here, add a method of that kind to the rule. The trace says which schemes the rule accepts.",
		Spec:        "RFC 9110 11.1, 11.3, 11.6.1, 15.5.2",
		Since:       "0.1.0",
	},
}
