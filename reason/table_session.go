package reason

// sessionTable holds the reasons of the sessions of browsers.
var sessionTable = []Info{
	{
		Code:   CSRFFailed,
		Status: 403,
		Retry:  RetryFixRequest,
		Title:  "This request did not come from the site itself",
		Detail: "Send the request from a page of the site itself.",
		Explain: "The request carries a valid session cookie, but nothing shows that a page of this site made it: its origin is another site, or the token that guards forms is missing or does not belong to the session. " +
			"Browsers attach cookies to requests that other sites cause, so a server that trusts the cookie alone can be made to act for you by any page you visit. " +
			"It is 403 and not 401, because logging in again would not change it. The usual causes are a form that was left open over a logout, a page on another host that was not allowed, and extensions that remove the Origin or Referer header.",
		FixUser:     "Reload the page, fill in the form again and send it. If that does not help, switch off extensions that hide where a request comes from, for this site.",
		FixCaller:   "Send the request from the same origin, or have your origin allowed. Programs should not use the session cookie at all: use a token, which no browser attaches by itself.",
		FixOperator: "The trace shows Origin and Sec-Fetch-Site as they arrived. If a page of your own on another origin is meant to call this route, list that origin; if a proxy changes the host, set `public_url`.",
		Spec:        "RFC 9110 15.5.4; RFC 6265 8.2; RFC 6454 7; RFC 6749 10.12",
		Since:       "0.1.0",
	},
	{
		Code:   SessionExpired,
		Status: 401,
		Retry:  RetryReauthenticate,
		Title:  "The session is over",
		Detail: "Log in again.",
		Explain: "The session cookie is no longer good for anything. " +
			"Sessions end after some time without use, and in any case after a longest time, so that a browser left open somewhere does not stay logged in for ever; they also end by logging out. " +
			"Nothing is lost on the server by this; log in again and go on.",
		FixUser:     "Log in again. If the login page comes back every time, clear this site's cookies, and check that your browser accepts cookies and that its clock is right.",
		FixCaller:   "In a page: on this answer, renew once in silence or lead the person to the login page, and keep what was typed. Programs should use tokens instead of the session cookie.",
		FixOperator: "`gate401 explain REQUEST-ID` says how the session ended, and `gate401 session trace ID` tells its life. If people complain, lengthen the idle time rather than the longest time.",
		Spec:        "RFC 9110 15.5.2; RFC 6265 4.1.2, 8.4",
		Since:       "0.1.0",
	},
	{
		Code:    SessionMissing,
		Status:  401,
		ShownAs: CredentialsMissing,
		Retry:   RetryReauthenticate,
		Title:   "No session cookie was sent",
		Detail:  "Send the request again with credentials for one of the schemes in the WWW-Authenticate header.",
		Explain: "The address accepts logged-in browsers only, and the request carried no session cookie. " +
			"Most often the person has simply not logged in yet. " +
			"Otherwise the browser kept the cookie back: it does so on plain http, on another host name than the one that set it, on requests that come from another site, and in `fetch()` calls to another origin without `credentials: \"include\"`.",
		FixUser:     "Log in. If you just did, check that your browser accepts cookies from this site and that the address begins with https.",
		FixCaller:   "Look in the network tab whether the Cookie header is there. For calls to another origin set `credentials: \"include\"` and have the origin allowed; note that the cookie belongs to exactly one host.",
		FixOperator: "Check that `public_url` is the address that browsers use, and that the proxies in front pass the Cookie header on. The cookie is named `__Host-g401`: it needs https, path / and no domain.",
		Spec:        "RFC 9110 15.5.2; RFC 6265 5.4; draft-ietf-httpbis-rfc6265bis 4.1.3.2",
		Since:       "0.1.0",
	},
	{
		Code:    SessionRevoked,
		Status:  401,
		ShownAs: SessionExpired,
		Retry:   RetryReauthenticate,
		Title:   "The session was ended",
		Detail:  "Log in again.",
		Explain: "The session was ended before its time: by logging out in another tab or on another device (\"log out everywhere\"), by a changed password, or by the operator. " +
			"The browser is told the same as for a session that ran out, so that whoever holds a stolen cookie does not learn that the theft was noticed. " +
			"When a page is opened, the refusal also removes the dead cookie, so that the browser is not caught with it.",
		FixUser:     "Log in again. If you did not log out yourself, change your password and look at the list of your sessions.",
		FixCaller:   "Treat it as the end of the session: lead the person to the login page once, and do not repeat the request with the old cookie.",
		FixOperator: "The audit records say who ended it and why.",
		Spec:        "RFC 9110 15.5.2; RFC 6265 8.4",
		Since:       "0.1.0",
	},
	{
		Code:    SessionUnknown,
		Status:  401,
		ShownAs: SessionExpired,
		Retry:   RetryReauthenticate,
		Title:   "No such session exists",
		Detail:  "Log in again.",
		Explain: "The session cookie has the right form, but no session belongs to it. " +
			"Most often the session ended so long ago that its record was cleared away, or the store was set up afresh; less often a replica looks into another store, or somebody makes cookies up. " +
			"The browser is told the same as for a session that ran out, and when a page is opened the dead cookie is removed.",
		FixUser:     "Log in again. If the login page comes back every time, clear this site's cookies.",
		FixCaller:   "Do not keep cookies beyond the session, and do not carry them from one environment to another.",
		FixOperator: "If it began for everyone at one moment, the store of the sessions was lost or changed: check `storage` on every replica. If one address tries many values, it is guessing.",
		Spec:        "RFC 9110 15.5.2; RFC 6265 8.4",
		Since:       "0.1.0",
	},
}
