package guide

// neighbour is a status code that is taken for 401, or 401 for it.
type neighbour struct {
	class, status, name string
	means, credentials  string
	here                bool
}

// neighbours follows RFC 9110 section 15, and RFC 6585 section 4 for 429.
func neighbours() []neighbour {
	return []neighbour{
		{"s400", "400", "Bad Request", "The request cannot be read, or can be read in two ways. Nobody got as far as asking who sent it.",
			"Do not matter. Correct the request.", false},
		{"s401", "401", "Unauthorized", "The proof of who is asking is missing, wrong or no longer good. The answer says how to give one.",
			"Send some, or send better ones.", true},
		{"s403", "403", "Forbidden", "It is clear who is asking, and the answer is no. It may also be no to everyone.",
			"The same ones change nothing. Ask for access.", false},
		{"s404", "404", "Not Found", "There is nothing here, or the server does not want to say that there is something.",
			"May matter: some servers hide what one may not see.", false},
		{"s407", "407", "Proxy Authentication Required", "As 401, but a proxy on the way is asking. The challenge is in Proxy-Authenticate, the proof goes into Proxy-Authorization.",
			"Send them to the proxy, not to the API.", false},
		{"s429", "429", "Too Many Requests", "Too much in too short a time. Whether the credentials were right was not looked at.",
			"Keep them. Wait for Retry-After.", false},
		{"s5xx", "5xx", "Server errors", "The server, or something behind it, is in trouble: 500 broke, 502 and 504 got no good answer from behind, 503 cannot at the moment.",
			"Keep them. A 503 that could not check a token says nothing against the token.", false},
	}
}
