package reason

// bindingTable holds the reasons of tokens that are bound to a key of the
// client, so that a stolen one is of no use: DPoP and client certificates.
var bindingTable = []Info{
	{
		Code:   DPoPNonceRequired,
		Status: 401,
		Error:  "use_dpop_nonce",
		Retry:  RetryRepeat,
		Title:  "A DPoP proof with a fresh nonce is required",
		Detail: "Make a new DPoP proof with the nonce from the DPoP-Nonce header and repeat the request once.",
		Explain: "The server wants to be sure that the DPoP proof was made just now, and gives a nonce in the DPoP-Nonce header that a new proof must contain. " +
			"The proof that came had none, or an old one. " +
			"It is a normal part of the exchange, not a fault: token and key stay as they are.",
		FixUser:     "Reload the page. If the message stays, tell the support of the program the request id.",
		FixCaller:   "Put the value of DPoP-Nonce into the `nonce` claim of a new proof and repeat once. Keep the newest nonce of each server, also from successful answers, and use it in the next proof.",
		FixOperator: "Nothing needs fixing. If clients are asked on nearly every request, replicas do not share the secret from which nonces are made. Browsers see the header only if CORS exposes it.",
		Spec:        "RFC 9449 8, 9",
		Since:       "0.1.0",
	},
	{
		Code:   DPoPProofInvalid,
		Status: 401,
		Error:  "invalid_dpop_proof",
		Retry:  RetryFixRequest,
		Title:  "The DPoP proof is not valid",
		Detail: "Make a new DPoP proof for exactly this method and this address.",
		Explain: "The request needs a proof that the client holds the key to which its token is bound, and the DPoP header does not give it. " +
			"A proof counts for one method, one address, one moment and one use, so that whoever records it gains nothing. " +
			"The usual causes are a proof made once and sent with every request, an address that differs from the public one (host, port, or http for https behind a proxy), a clock that is off, a missing `ath` claim, or two DPoP headers.",
		FixUser:     "Check that the clock of your device is right and reload the page. If the message stays, tell the support of the program the request id.",
		FixCaller:   "Make a new proof for every request: `htm` is the method, `htu` the address as you call it without query and fragment, `iat` now, `jti` new and random, `ath` the hash of the token, `typ` is `dpop+jwt`, and the public key stands in `jwk`.",
		FixOperator: "The trace names the claim. If `htu` differs for everyone, set `public_url` to the address that clients use.",
		Spec:        "RFC 9449 4.2, 4.3, 7.1",
		Since:       "0.1.0",
	},
	{
		Code:    DPoPProofReplayed,
		Status:  401,
		Error:   "invalid_dpop_proof",
		ShownAs: DPoPProofInvalid,
		Retry:   RetryFixRequest,
		Title:   "The DPoP proof was used before",
		Detail:  "Make a new DPoP proof for exactly this method and this address.",
		Explain: "A proof with the same `jti` was seen before within its short life. " +
			"Each proof counts once, so that a recorded one is worth nothing. " +
			"An honest client gets here when it makes one proof for several requests, or when some layer below repeats a request by itself after a broken connection.",
		FixUser:     "Reload the page. If the message stays, tell the support of the program the request id.",
		FixCaller:   "Make a new proof with a new random `jti` for every request, also when a request is repeated.",
		FixOperator: "A few of these come from repeating proxies and libraries. If both uses came from different addresses, somebody recorded the proof: look at the two traces.",
		Spec:        "RFC 9449 4.3, 11.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenBindingFailed,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryFixRequest,
		Title:  "The access token is bound to another key",
		Detail: "Send the token with a proof from the key that it was issued to.",
		Explain: "The token is genuine, but it is bound to a key of the client (its `cnf` claim), and the request does not prove that key: a DPoP token was sent as `Bearer` without a proof, the proof was made with another key, or the client certificate of the connection is not the one of the token. " +
			"This is what the binding is for: a token that was stolen without its key is useless. " +
			"Honest causes are a client that lost or renewed its key but kept the token, and a proxy that ends TLS without passing the certificate on.",
		FixUser:     "Log out and log in again. If it happens again, tell the support of the program the request id.",
		FixCaller:   "Use the scheme `DPoP` with a proof of the same key that was used at the token endpoint, or the same client certificate. After a change of key get a new token.",
		FixOperator: "The trace shows both thumbprints. If certificates are involved, check that the proxy in front passes on the one of the client, and only its own.",
		Spec:        "RFC 9449 6.1, 7.1, 7.2; RFC 8705 3; RFC 7800 3.1",
		Since:       "0.1.0",
	},
}
