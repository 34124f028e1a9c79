package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gate401/gate401/reason"
)

// boundRules are about proofs beside the token, and about demands for a better
// login: the challenge says these itself.
func boundRules() []Rule {
	return []Rule{
		{
			ID: "dpop-nonce-required", Title: "The server wants a nonce in the DPoP proof", Fault: Client, Reason: reason.DPoPNonceRequired,
			Explain: "use_dpop_nonce is no failure: the answer carries a DPoP-Nonce, and the client makes its proof again with it and repeats the request at once.",
			Example: `WWW-Authenticate: DPoP error="use_dpop_nonce"` + "\nDPoP-Nonce: ...", Spec: "RFC 9449 sections 8 and 9", check: checkDPoPNonce,
		},
		{
			ID: "dpop-proof-missing", Title: "The DPoP proof is missing", Fault: Client, Reason: reason.DPoPProofInvalid,
			Explain: "A token sent with the scheme DPoP needs a proof in the field DPoP, made for this very request.",
			Example: "Authorization: DPoP eyJ... without a DPoP field", Spec: "RFC 9449 section 7.1", check: checkDPoPMissing,
		},
		{
			ID: "dpop-proof-mismatch", Title: "The DPoP proof is for another request", Fault: Client, Reason: reason.DPoPProofInvalid,
			Explain: "The proof names the method (htm) and the URL without query (htu) that it was made for, and when. Each request needs its own.",
			Example: `"htm": "POST" beside GET`, Spec: "RFC 9449 section 4.3", check: checkDPoPMismatch,
		},
		{
			ID: "step-up-required", Title: "The server wants a fresher or stronger login", Fault: Client, Reason: reason.AuthenticationTooOld,
			Explain: "The token is good, and the login behind it is too old or too weak for this request. The challenge says by max_age or acr_values what is enough; refreshing the token does not help.",
			Example: `error="insufficient_user_authentication", max_age=300`, Spec: "RFC 9470 section 3", check: checkStepUp,
		},
	}
}

func checkDPoPNonce(s *scene) *hit {
	if s.bearer["error"] != "use_dpop_nonce" || s.status != 401 && s.status != 400 {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "a proof with the nonce of the server",
		note: "The server asks for its nonce in the proof. It stands in the DPoP-Nonce field of this answer.",
		at:   []Evidence{s.inAnswer("WWW-Authenticate", "use_dpop_nonce")},
		fix:  Fix{Text: "Make the proof again with that nonce and repeat the request once; use the newest DPoP-Nonce from then on."},
	}
	if !s.resp.Header.Has("DPoP-Nonce") {
		h.note, h.fault = "The server asks for its nonce in the proof, and does not send one: the DPoP-Nonce field is missing.", Server
		h.fix.Text = "The server has to send DPoP-Nonce along with this error."
	}
	return h
}

func checkDPoPMissing(s *scene) *hit {
	if !s.is("DPoP") || !s.walk() || s.req.Header.Has("DPoP") {
		return nil
	}
	return &hit{
		sure: Certain, expected: "a DPoP field with a proof", actual: "none", at: []Evidence{s.inScheme(), s.inLine()},
		note: "The token is sent with the scheme DPoP, and the request has no DPoP field with the proof.",
		fix:  Fix{Text: "Add a proof for this method and URL.", Command: s.curl(`-H "Authorization: DPoP $TOKEN"`, `-H "DPoP: $PROOF"`)},
	}
}

func checkDPoPMismatch(s *scene) *hit {
	proof := s.req.Header.Get("DPoP")
	if proof == "" || !s.walk() {
		return nil
	}
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var p struct {
		Method string `json:"htm"`
		URL    string `json:"htu"`
	}
	if err != nil || json.Unmarshal(payload, &p) != nil {
		return nil
	}
	u := *s.req.URL
	u.RawQuery, u.Fragment, u.User = "", "", nil
	want := u.String()
	h := &hit{sure: Certain, at: []Evidence{s.inField("request", "DPoP", proof, 0, len(proof)), s.inLine()}}
	switch {
	case p.Method != "" && p.Method != s.req.Method:
		h.expected, h.actual = "htm "+q(s.req.Method), "htm "+q(p.Method)
		h.note = fmt.Sprintf("The proof was made for the method %s, the request is a %s.", q(p.Method), s.req.Method)
	case p.URL != "" && trimSlash(p.URL) != trimSlash(want) && u.IsAbs():
		h.expected, h.actual = "htu "+q(want), "htu "+q(p.URL)
		h.note = fmt.Sprintf("The proof was made for %s, the request goes to %s.", q(p.URL), q(want))
		h.sure = Likely // a proxy may change what the server sees
	default:
		return nil
	}
	h.fix = Fix{Text: "Make a new proof for each request.", Command: s.curl(`-H "Authorization: DPoP $TOKEN"`, `-H "DPoP: $PROOF"`)}
	return h
}

func checkStepUp(s *scene) *hit {
	if s.status == 401 && s.auth.ok && len(s.wants()) == 1 && s.wantsScheme("OTP") {
		return &hit{ // registries of npm
			sure: Certain, reason: reason.AuthenticationTooWeak, title: "A one-time code is asked for", at: []Evidence{s.inAnswer("WWW-Authenticate", "OTP")},
			note: s.quotedTold("The server takes the token, and wants a one-time code besides."), expected: "npm-otp: a code of this moment", actual: "no such field",
			fix: Fix{Text: "Give the code of the authenticator (npm publish --otp=CODE), or use a token that needs none.", Command: s.curl(withToken, `-H "npm-otp: $CODE"`)},
		}
	}
	if s.bearer["error"] != "insufficient_user_authentication" || s.status != 401 {
		return nil
	}
	h := &hit{
		sure: Certain, at: []Evidence{s.inAnswer("WWW-Authenticate", "insufficient_user_authentication")},
		note: "The server takes the token, and wants a better login behind it.",
		fix:  Fix{Text: "Send the person to log in again, with the max_age or acr_values of the challenge, and use the new token."},
	}
	if v := s.bearer["max_age"]; v != "" {
		h.expected = "a login at most " + v + " seconds ago"
		if c := s.claims(); c != nil && !c.AuthTime.IsZero() {
			h.actual = when("logged in", c.AuthTime, s.clocks.judge())
		}
	}
	if v := s.bearer["acr_values"]; v != "" {
		h.expected, h.reason = "acr "+v, reason.AuthenticationTooWeak
		if c := s.claims(); c != nil && c.ACR != "" {
			h.actual = "acr " + c.ACR
		}
	}
	return h
}
