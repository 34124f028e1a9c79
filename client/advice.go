package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// WhatToDo is one sentence for whoever has to act, without a full stop at the
// end of a list of things: the one thing that helps.
func (d *Denied) WhatToDo() string {
	var broken *httpauth.DigestError
	switch {
	case errors.Is(d.Err, errBodyGone):
		return "Send the request again, best with a body that can be sent twice, such as a file: this one is gone."
	case errors.As(d.Err, &broken):
		return "Tell whoever runs the server: its challenge cannot be answered, whoever asks."
	}
	switch d.Retry {
	case reason.RetryRefresh:
		return "Get a new access token with the refresh token and send the request again, once."
	case reason.RetryReauthenticate:
		return d.proofWanted()
	case reason.RetryRepeat:
		return "Send the request again; the new nonce is known now."
	case reason.RetryWait:
		return "Wait " + waiting(d.RetryAfter) + "; every attempt before that counts too."
	case reason.RetryLater:
		return "Try again " + laterOn(d.RetryAfter) + "; the credentials are kept."
	case reason.RetryRequestAccess:
		if d.Scope != "" {
			return fmt.Sprintf("Log in again and ask for the scope %q, or ask whoever grants access.", d.Scope)
		}
		return "Ask whoever grants access; new proof of who you are changes nothing."
	case reason.RetryStepUp:
		return "Log in again, " + d.stepUp() + "."
	}
	if info, ok := reason.Lookup(d.Reason); ok {
		return info.Detail
	}
	return "Correct the request; the same one will be refused again."
}

func (d *Denied) proofWanted() string {
	switch d.Reason {
	case reason.CredentialsMissing, reason.SessionMissing:
		who := "server"
		if d.Status == http.StatusProxyAuthRequired {
			who = "proxy"
		}
		var schemes []string
		for _, c := range d.Challenges {
			schemes = append(schemes, printable(c.Scheme))
		}
		if len(schemes) > 0 {
			return "Say who is asking; the " + who + " takes " + strings.Join(unique(schemes), ", ") + "."
		}
		return "Say who is asking; the " + who + " does not tell how."
	case reason.CredentialsInvalid, reason.PasswordWrong, reason.PasswordOutdated, reason.AccountUnknown:
		return "Check the name and the password; the same ones are not sent again."
	case reason.OneTimeCodeWrong:
		return "Ask for the code of this moment; the same one is not sent again."
	}
	return "Log in again: only new proof helps."
}

func (d *Denied) stepUp() string {
	switch {
	case d.ACR != "" && d.MaxAge >= 0:
		return fmt.Sprintf("in the way that the server calls %q, not longer ago than %s", d.ACR, d.MaxAge)
	case d.ACR != "":
		return fmt.Sprintf("in the way that the server calls %q", d.ACR)
	case d.MaxAge >= 0:
		return fmt.Sprintf("not longer ago than %s", d.MaxAge)
	}
	return "more recently or with a stronger proof"
}

func unique(words []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, w := range words {
		if key := strings.ToLower(w); !seen[key] {
			seen[key] = true
			out = append(out, w)
		}
	}
	return out
}

func waiting(d time.Duration) string {
	if d <= 0 {
		return "a little"
	}
	return d.String()
}

func laterOn(d time.Duration) string {
	if d <= 0 {
		return "later"
	}
	return "in " + d.String()
}
