package issuer

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of an authorization request.
const (
	// MaxAsk is the length of its parameters, encoded: what the way through a
	// login can carry (returnto.MaxLength), with room for the path.
	MaxAsk = 3600
	// MaxAskScopes and MaxAskResources are how many of them it may name.
	MaxAskScopes    = 64
	MaxAskResources = 8
)

// Ask is an authorization request as it was sent (RFC 6749 section 4.1.1), read
// but not judged.
type Ask struct {
	ResponseType, ResponseMode string
	Client, Redirect, State    string
	Scopes, Resources          []string
	Challenge, ChallengeMethod string // RFC 7636 section 4.3
	Nonce, LoginHint           string // OpenID Connect Core 1.0 section 3.1.2.1
	Prompt, ACR                []string
	// MaxAge is how long ago the person may have proved who they are; negative
	// where it was not sent.
	MaxAge time.Duration
	// After is when they must have done so at the earliest: what becomes of
	// prompt=login on the way through the login. Zero for none.
	After time.Time

	faults []fault
}

// fault is a parameter that cannot be read.
type fault struct{ name, code, description string }

// askAfter is a parameter of the gate's own.
const askAfter = "g401_after"

// once are the parameters that mean something here. Others are ignored (RFC 6749
// section 3.1), which includes claims, id_token_hint, ui_locales and display.
var once = []string{
	"response_type", "response_mode", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method",
	"nonce", "login_hint", "prompt", "acr_values", "max_age", "request", "request_uri", "registration", askAfter,
}

// unsupported are parameters that would change what the others mean, so that to
// ignore them is not safe (OpenID Connect Core 1.0 section 3.1.2.6).
var unsupported = []struct{ name, code string }{
	{"request", "request_not_supported"},
	{"request_uri", "request_uri_not_supported"},
	{"registration", "registration_not_supported"},
}

// ReadAsk reads the parameters of an authorization request. It cannot fail:
// what is wrong is told by [Issuer.Authorize], which knows whom to tell.
func ReadAsk(values url.Values) Ask {
	a := Ask{MaxAge: -1}
	one := func(name string) string {
		v := values[name]
		if len(v) > 1 {
			// RFC 6749 section 3.1. Of two values neither is believed.
			a.fault(name, "invalid_request", "The parameter "+name+" was sent twice.")
			return ""
		}
		if len(v) == 0 {
			return ""
		}
		return v[0]
	}
	read := make(map[string]string, len(once))
	for _, name := range once {
		read[name] = one(name)
	}
	if len(values.Encode()) > MaxAsk {
		a.fault("", "invalid_request", "The request is longer than "+strconv.Itoa(MaxAsk)+" characters.")
	}
	for _, u := range unsupported {
		if read[u.name] != "" {
			a.fault(u.name, u.code, "Send the parameters one by one instead of "+u.name+".")
		}
	}
	a.ResponseType, a.ResponseMode = read["response_type"], read["response_mode"]
	a.Client, a.Redirect, a.State = read["client_id"], read["redirect_uri"], read["state"]
	a.Challenge, a.ChallengeMethod = read["code_challenge"], read["code_challenge_method"]
	a.Nonce, a.LoginHint = read["nonce"], read["login_hint"]
	a.Scopes = words(read["scope"])
	a.Prompt, a.ACR = words(read["prompt"]), words(read["acr_values"])
	for _, r := range values["resource"] {
		if r != "" && !slices.Contains(a.Resources, r) {
			a.Resources = append(a.Resources, r)
		}
	}
	if len(a.Scopes) > MaxAskScopes {
		a.fault("scope", "invalid_scope", "Ask for "+strconv.Itoa(MaxAskScopes)+" scopes at most.")
	}
	if len(a.Resources) > MaxAskResources {
		a.fault("resource", "invalid_target", "Ask for "+strconv.Itoa(MaxAskResources)+" resources at most.")
	}
	if v := read["max_age"]; v != "" {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			a.fault("max_age", "invalid_request", "max_age is a number of seconds.")
		} else {
			a.MaxAge = time.Duration(n) * time.Second
		}
	}
	if v := read[askAfter]; v != "" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 && n < 1<<40 {
			a.After = time.Unix(n, 0).UTC()
		} else {
			a.fault(askAfter, "invalid_request", "Start over: the address was altered.")
		}
	}
	return a
}

func (a *Ask) fault(name, code, description string) {
	a.faults = append(a.faults, fault{name, code, description})
}

// Values are the parameters that ReadAsk reads the same request from.
func (a *Ask) Values() url.Values {
	v := make(url.Values)
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("response_type", a.ResponseType)
	set("response_mode", a.ResponseMode)
	set("client_id", a.Client)
	set("redirect_uri", a.Redirect)
	set("state", a.State)
	set("scope", strings.Join(a.Scopes, " "))
	set("code_challenge", a.Challenge)
	set("code_challenge_method", a.ChallengeMethod)
	set("nonce", a.Nonce)
	set("login_hint", a.LoginHint)
	set("prompt", strings.Join(a.Prompt, " "))
	set("acr_values", strings.Join(a.ACR, " "))
	if a.MaxAge >= 0 {
		v.Set("max_age", strconv.FormatInt(int64(a.MaxAge/time.Second), 10))
	}
	if !a.After.IsZero() {
		v.Set(askAfter, strconv.FormatInt(a.After.Unix(), 10))
	}
	if len(a.Resources) > 0 {
		v["resource"] = a.Resources
	}
	return v
}

// Prompts tells whether the client asked for that prompt.
func (a *Ask) Prompts(name string) bool { return slices.Contains(a.Prompt, name) }

// LoggedIn is the request as it goes on once the person has proved who they are
// after now: nothing that asks for that is left, so that they are asked once.
func (a *Ask) LoggedIn(now time.Time) Ask {
	b := *a
	b.MaxAge = -1
	b.After = now.UTC().Truncate(time.Second)
	b.Prompt = slices.DeleteFunc(slices.Clone(a.Prompt), func(p string) bool { return p == "login" || p == "select_account" })
	return b
}

// Fresh tells whether a proof of authTime is young enough at now.
func (a *Ask) Fresh(authTime, now time.Time) bool {
	switch {
	case a.Prompts("login"), a.Prompts("select_account"):
		return false
	case a.MaxAge == 0: // the same as prompt=login
		return false
	case a.MaxAge > 0 && now.Sub(authTime) > a.MaxAge:
		return false
	}
	return a.After.IsZero() || !authTime.Before(a.After)
}

// words are the parts of a list, each once, in their order.
func words(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }) {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
