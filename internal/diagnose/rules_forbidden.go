package diagnose

import "github.com/gate401/gate401/reason"

// forbiddenRules are about a 403 that should be a 401. They come before the
// rules about the token itself, which would say the same without the blame.
func forbiddenRules() []Rule {
	return []Rule{{
		ID: "forbidden-expired-token", Title: "The token has expired, and the server says 403 in place of 401", Fault: Server, Reason: reason.TokenExpired,
		Explain: "An expired token is a missing proof, so the answer is 401: clients refresh on 401 and give up on 403.",
		Example: "403 to a token whose exp is over", Spec: "RFC 6750 section 3.1; RFC 9110 section 15.5.4", check: checkForbiddenExpired,
	}}
}

func checkForbiddenExpired(s *scene) *hit {
	if s.status != 403 {
		return nil
	}
	h := checkExpired(s)
	if h == nil || s.bearer["error"] == "insufficient_scope" {
		return nil
	}
	h.note += " The server answers 403 for that, so clients do not refresh the token."
	h.at = append(h.at, s.inStatus())
	h.fix.Text = "Get a new access token and send the request once more. The server should answer 401 with invalid_token."
	return h
}
