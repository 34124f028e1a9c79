package diagnose

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// signedRules are about requests that are signed as a whole, as those to AWS.
func signedRules() []Rule {
	return []Rule{{
		ID: "request-signature-refused", Title: "The signature of the request is missing or refused", Fault: Client, Reason: reason.CredentialsInvalid,
		Explain: "AWS and what is built like it take requests that are signed as a whole (Signature Version 4): method, path, query, some fields and the time go into the signature, with the region and the service. API Gateway asks for it also where the address or the stage does not exist, since unknown routes fall to the default.",
		Example: `403 {"message":"Missing Authentication Token"}`, Spec: "AWS Signature Version 4", check: checkSigned,
	}}
}

func checkSigned(s *scene) *hit {
	if s.status != 400 && s.status != 401 && s.status != 403 || s.resp == nil {
		return nil
	}
	kind := s.resp.Header.Get("X-Amzn-Errortype") + " " + s.said.code
	sign := `--aws-sigv4 aws:amz:REGION:SERVICE -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`
	h := &hit{sure: Likely, at: []Evidence{s.inStatus()}, fix: Fix{Command: s.curl(sign)}}
	if e := s.resp.Header.Get("X-Amzn-Errortype"); e != "" {
		h.at = []Evidence{s.inAnswer("X-Amzn-Errortype", e)}
	}
	aws := s.signedForAWS()
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(kind+" "+s.said.text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case (aws || s.status == 403) && has("MissingAuthenticationToken", "Missing Authentication Token"):
		h.reason = reason.CredentialsMissing
		h.note = "API Gateway says so for two things: the address is not there (method, stage or path), or it wants a signed request (IAM)."
		if s.auth.ok {
			h.note += fmt.Sprintf(" The credential that was sent, %s, counts for neither.", schemeWord(s))
		}
		h.fix.Text = "Look at method, stage and path first. If they are right, sign the request."
	case has("requires 'Credential' parameter", "IncompleteSignature", "Invalid key=value pair", "not a valid key=value pair"):
		h.note = "The server reads the Authorization field as a signature of AWS, and what was sent is none."
		h.expected, h.actual = "Authorization: AWS4-HMAC-SHA256", schemeWord(s)
		h.fix.Text = "Sign the request. If this address takes tokens, look at method, stage and path: addresses that do not exist answer like this too."
	case has("ExpiredToken", "security token included in the request is expired") && (aws || s.req.Header.Has("X-Amz-Security-Token")):
		h.reason, h.note = reason.TokenExpired, s.quoted("The session token beside the keys (X-Amz-Security-Token) is over: temporary credentials last from minutes to hours.")
		h.fix.Text = "Get new temporary credentials (aws sso login, aws sts assume-role), and sign with all three of their values."
		h.fix.Command = s.curl(sign, `-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"`)
	case aws && has("Unsupported Authorization Type"), has("Unsupported Authorization Type") && s.said.shape == "xml":
		h.note = s.quoted(fmt.Sprintf("The server takes signed requests; the credential that was sent, %s, counts for nothing here.", schemeWord(s)))
		h.expected, h.actual = "Authorization: AWS4-HMAC-SHA256", schemeWord(s)
		h.at, h.fix.Text = append(h.at, s.inBody(s.said.text)), "Sign the request, or use a link that is signed, without another credential beside it."
	case s.req.URL.Query().Has("sig") && has("AuthenticationFailed"):
		s.sharedAccess(h)
	case has("Request has expired") && s.req.URL.Query().Has("X-Amz-Signature"):
		h.note = s.quotedTold("The link is signed, and good for X-Amz-Expires seconds from X-Amz-Date; that is over.")
		h.expected, h.actual = "a link that is still good", "one that is over"
		h.fix = Fix{Text: "Have a new link made, and follow it in time."}
	case has("RequestTimeTooSkewed"), aws && has("RequestExpired", "Signature expired", "Signature not yet current"):
		h.fault, h.note = Between, s.quoted("The time in the signature (X-Amz-Date) is too far from that of the server; five to fifteen minutes are allowed.")
		h.expected = "a signature of this moment"
		if v := s.req.Header.Get("X-Amz-Date"); v != "" {
			h.actual = "X-Amz-Date: " + v
			h.at = append([]Evidence{s.inField("request", "X-Amz-Date", v, 0, len(v))}, h.at...)
		}
		h.fix.Text = "Set the clock of the client, and sign each request when it is sent."
	case has("SignatureDoesNotMatch", "signature we calculated does not match"), aws && has("InvalidSignature"):
		h.note = s.quoted("The signature is for another request than the one that came: another key, region or service, or the path, query, a signed field or the body was changed or encoded once more on the way.")
		h.fix.Text = "Check the secret key, region and service, and what changes the request behind the signature (proxy, redirect, encoding of the path)."
	case has("InvalidAccessKeyId", "UnrecognizedClient", "InvalidClientTokenId"):
		h.note = s.quoted("The access key is unknown here: it was deleted, is of another account, or comes with a session token that was not sent.")
		h.fix.Text = "Check the access key; temporary ones (ASIA...) need X-Amz-Security-Token too."
	default:
		return nil
	}
	return h
}

// sharedAccess is about the signed links of Azure Storage, which say in se until
// when they are good.
func (s *scene) sharedAccess(h *hit) {
	h.note, h.fix = "The link is signed (a shared access signature), and the signature is not taken: the key that made it was changed, or the link was, on its way.", Fix{Text: "Have a new link made, and copy it whole."}
	until := s.req.URL.Query().Get("se")
	end, err := time.Parse(time.RFC3339, until)
	if err != nil {
		end, err = time.Parse(time.DateOnly, until)
	}
	if detail := element(string(s.resp.Body[:min(len(s.resp.Body), maxMessage)]), "AuthenticationErrorDetail"); detail != "" {
		h.at = append(h.at, s.inBody(detail))
	}
	if err == nil && end.Before(s.clocks.judge()) {
		h.title, h.reason = "The signed link is over", reason.TokenExpired
		h.note = fmt.Sprintf("The link is signed (a shared access signature), and was good until %s (se): that is over.", explain.Moment(end))
		h.expected, h.actual = "a link that is still good", "se="+until
		h.at = append([]Evidence{s.inURL("se=" + url.QueryEscape(until))}, h.at...)
		h.fix.Text = "Have a new link made, and follow it in time."
	}
}

// signedForAWS tells that AWS, or what is built like it, answered or was meant.
// Libraries for tokens and webhooks have some of its words too.
func (s *scene) signedForAWS() bool {
	for _, name := range [...]string{"X-Amzn-Errortype", "X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Apigw-Id"} {
		if s.resp.Header.Has(name) {
			return true
		}
	}
	return strings.HasPrefix(strings.ToUpper(s.scheme), "AWS") || s.req.Header.Has("X-Amz-Date") || s.req.URL.Query().Has("X-Amz-Signature")
}

// schemeWord is how the credential was sent.
func schemeWord(s *scene) string {
	switch {
	case !s.auth.ok:
		return "none"
	case s.scheme == "" || !knownScheme(s.scheme):
		return "one without a scheme"
	}
	return s.scheme
}
