package world

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// failure is what a command makes go wrong with the next refreshes.
type failure struct {
	times int
	fault string
}

// strike says what goes wrong with this refresh.
func (l *life) strike() (fault string, full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done++; l.done > maxRefreshes {
		return "", true
	}
	if l.fail.times > 0 {
		l.fail.times--
		return l.fail.fault, false
	}
	r := l.settings.Refresh
	if r.Fault == "" || r.Times > 0 && l.struck >= r.Times {
		return "", false
	}
	l.struck++
	return r.Fault, false
}

// serveToken is the token endpoint with what the script does to it.
func (l *life) serveToken(rw http.ResponseWriter, hr *http.Request) {
	note := journal.NoteOf(hr.Context())
	if hr.Method != http.MethodPost {
		l.tokens.ServeHTTP(rw, hr)
		return
	}
	fault, full := l.strike()
	if full {
		wire.Problem(rw, http.StatusServiceUnavailable, "This world has seen too many refreshes: reset it, or use another session.")
		return
	}
	note.Fault = fault
	if !wire.Pause(rw, hr, min(l.settings.Refresh.Delay, MaxDelay).std()) {
		panic(http.ErrAbortHandler) // nobody is there to be answered
	}
	if l.instead(rw, hr, fault) {
		return
	}
	grant, err := l.tokens.Exchange(rw, hr)
	if err != nil {
		note.Reason = codeOf(err)
		answer := issuer.Refusal(err, Realm, l.tokens.Problems)
		_ = answer.Write(rw)
		return
	}
	if fault == RefreshLost {
		// The work is done; nobody will know.
		panic(http.ErrAbortHandler)
	}
	answer := l.tokens.Success(grant)
	if err := l.bend(hr, &answer, grant, fault); err != nil {
		l.fault(rw, hr, err)
		return
	}
	l.remember(grant)
	_ = answer.Write(rw)
}

// instead answers where the fault is that nothing is done; the refresh token
// stays what it was.
func (l *life) instead(rw http.ResponseWriter, hr *http.Request, fault string) bool {
	const page = "<!doctype html>\n<title>Error</title>\n<h1>Something went wrong</h1>\n"
	switch fault {
	case RefreshError:
		wire.Pretty(rw, http.StatusInternalServerError, map[string]any{"error": "server_error", "error_description": "The script says so."})
	case RefreshUnavailable:
		rw.Header().Set("Retry-After", "1")
		wire.Pretty(rw, http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable", "error_description": "The script says so."})
	case RefreshRateLimited:
		rw.Header().Set("Retry-After", "1")
		journal.NoteOf(hr.Context()).Reason = reason.RateLimited
		wire.Pretty(rw, http.StatusTooManyRequests, map[string]any{"error": "slow_down", "error_description": "The script says so."})
	case RefreshTimeout:
		wire.Pause(rw, hr, MaxDelay.std())
		panic(http.ErrAbortHandler)
	case RefreshInvalidGrant, RefreshUnauthorizedGrant:
		journal.NoteOf(hr.Context()).Reason = reason.RefreshTokenRevoked
		answer := issuer.Refusal(&gate401.Denial{Reason: reason.RefreshTokenRevoked}, Realm, l.tokens.Problems)
		if fault == RefreshUnauthorizedGrant {
			answer.Status = http.StatusUnauthorized
			answer.Header.Set("WWW-Authenticate", `Bearer realm="`+Realm+`", error="invalid_token"`)
		}
		_ = answer.Write(rw)
	case RefreshHTML:
		html(rw, http.StatusInternalServerError, page)
	case RefreshHTMLOK:
		html(rw, http.StatusOK, page)
	case RefreshEmpty:
		rw.Header().Set("Content-Length", "0")
		rw.WriteHeader(http.StatusOK)
	case RefreshNoAccess:
		wire.Pretty(rw, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 300})
	default:
		return false
	}
	return true
}

func html(rw http.ResponseWriter, status int, page string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, page)
}

// bend changes the answer of a refresh that was done.
func (l *life) bend(hr *http.Request, answer *issuer.Response, grant *issuer.Grant, fault string) error {
	switch fault {
	case RefreshStillRefused:
		now := l.clock.now()
		return l.set.Tokens.Revoke(hr.Context(), store.Revocation{Kind: store.RevokedToken, ID: grant.Access.ID, At: now,
			Until: now.Add(2 * time.Hour), Cause: "the script says so"})
	case RefreshSameAccess:
		l.mu.Lock()
		if text, ok := l.last[grant.Family]; ok {
			grant.Access.Token = text
			answer.Fields["access_token"] = text
		}
		l.mu.Unlock()
	case RefreshSameRefresh:
		answer.Fields["refresh_token"] = grant.Sent.Reveal()
	case RefreshNoExpires:
		delete(answer.Fields, "expires_in")
	case RefreshExpiresString:
		if n, ok := answer.Fields["expires_in"].(int64); ok {
			answer.Fields["expires_in"] = strconv.FormatInt(n, 10)
		}
	case RefreshWrongContentType:
		answer.Header.Set("Content-Type", "text/plain; charset=utf-8")
	case RefreshTokenTypeOther:
		answer.Fields["token_type"] = "mac"
	case RefreshTokenTypeLower:
		answer.Fields["token_type"] = "bearer"
	}
	return nil
}

// remember keeps the access token of a login, for the fault that gives it again.
func (l *life) remember(grant *issuer.Grant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = make(map[string]string, 1)
	}
	if _, known := l.last[grant.Family]; !known {
		for family := range l.last {
			if len(l.last) < maxLast {
				break
			}
			delete(l.last, family)
		}
	}
	l.last[grant.Family] = grant.Access.Token
}

// serveRevoke is the revocation endpoint.
func (l *life) serveRevoke(rw http.ResponseWriter, hr *http.Request) { l.revoke.ServeHTTP(rw, hr) }

// observe tells the journal why an endpoint refused.
func observe(hr *http.Request, o issuer.Outcome) {
	journal.NoteOf(hr.Context()).Reason = codeOf(o.Err)
}

// codeOf is the reason of a refusal, empty where it has none in the catalogue.
func codeOf(err error) reason.Code {
	var d *gate401.Denial
	if errors.As(err, &d) {
		return d.Reason
	}
	return ""
}
