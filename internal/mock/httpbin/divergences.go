package httpbin

// Divergence is something in which a Handler that is not strict differs from
// go-httpbin, on purpose.
type Divergence struct {
	// Path is where it shows, as go-httpbin writes it.
	Path string
	// Theirs and Ours say what is answered, Why the reason.
	Theirs, Ours, Why string
}

// Divergences lists all of them. The tests compare everything else with
// go-httpbin itself.
func Divergences() []Divergence {
	return []Divergence{
		{"/bearer/{token}", "404", "one token is right, all others are refused as RFC 6750 wants it", "an endpoint that takes any token cannot tell a client that its token is wrong"},
		{"/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale_after}", "404", "the strict Digest, whose nonces end after so many uses", "python httpbin has it, and clients need it to be tested for stale=true"},
		{"/status/{codes}", "a broken connection for weights that sum up to nothing, or a code in a list that is no status", "400", "a mistake in the path should say so"},
		{"/status/{code}", "pages for 300 and 308, a rude text and a link for 402", "the status without them", "they have nothing to do with authentication"},
		{"/response-headers", "also sets Content-Length, Transfer-Encoding, Trailer, Connection and Upgrade", "leaves them out", "a false length breaks the connection and tests nothing; /mix/f=truncate breaks it on purpose"},
		{"/redirect-to", "a text for a target that is neither absolute nor begins with a slash", "403 with no body", "the text names settings that do not exist here"},
		{"/digest-auth/...", "reads almost anything, also what lacks realm, nonce or uri", "refuses what cannot be read as Digest at all", "there is one reader of Digest in the house"},
		{"/digest-auth/...", "nonce and opaque without quotes, which Postman among others does not read", "the same; with --strict in quotes", "who tests against go-httpbin should see what it sends; RFC 7616 section 3.3 wants the quotes"},
		{"/digest-auth/...", "takes qop=auth-int without looking at the body", "looks at the body as far as it is empty", "the same"},
		{"/delay/{d}", "answers 499 when the client is gone", "answers nothing", "nobody is there to read it"},
		{"HEAD", "no Content-Length", "the Content-Length of GET", "RFC 9110 section 9.3.2"},
		{"/", "a page, and /html, /image, /stream, /gzip, /sse, /uuid and others", "not here", "they have nothing to do with authentication"},
		{"all", "no Content-Security-Policy", "sandbox", "no answer that somebody else chose by an address may run as a page of the mock's own origin, which has an admin API"},
	}
}
