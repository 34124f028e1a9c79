package scenario

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/reason"
)

// Prefer plays what the client asks for in the Prefer field, on any path, and
// tells whether it did: code=401, reason=token-expired or scenario=NAME (RFC
// 7240). Preference-Applied says what was done. Other preferences are passed
// over, and so is a code where Own says so.
func (p *Player) Prefer(w http.ResponseWriter, r *http.Request) bool {
	fields := r.Header.Values("Prefer")
	if len(fields) == 0 {
		return false
	}
	for _, pref := range preferences(fields) {
		switch pref.name {
		case "scenario", "reason":
			p.once.Do(p.prepare)
			s, ok := p.byName[pref.value]
			if !ok || pref.name == "reason" && s.Group != GroupReason {
				p.unknown(w, r, http.StatusBadRequest, "There is no "+pref.name+" "+clip(pref.value)+".", similar(pref.value, p.names()))
				return true
			}
			w.Header().Set("Preference-Applied", pref.name+"="+s.Name)
			p.Play(w, r, s, strings.TrimPrefix(r.URL.Path, "/"))
			return true
		case "code":
			if p.Own != nil && p.Own(r) {
				continue
			}
			status, err := strconv.Atoi(pref.value)
			if err != nil || status < 200 || status > 599 {
				p.unknown(w, r, http.StatusBadRequest, "code is no number from 200 to 599.", "")
				return true
			}
			w.Header().Set("Preference-Applied", "code="+strconv.Itoa(status))
			p.code(w, r, status)
			return true
		}
	}
	return false
}

// code answers with a status: where the gate has one like it, as the gate does.
func (p *Player) code(w http.ResponseWriter, r *http.Request, status int) {
	p.once.Do(p.prepare)
	typical := map[int]reason.Code{
		http.StatusBadRequest: reason.RequestMalformed, http.StatusUnauthorized: reason.CredentialsMissing, http.StatusForbidden: reason.ScopeInsufficient,
		http.StatusTooManyRequests: reason.RateLimited, http.StatusServiceUnavailable: reason.CheckFailed,
	}
	if code, ok := typical[status]; ok {
		p.Play(w, r, p.byName[string(code)], "")
		return
	}
	journal.NoteOf(r.Context()).Scenario = "code-" + strconv.Itoa(status)
	wire.Share(w, r)
	a := mix.Answer{Status: status}
	if status == http.StatusProxyAuthRequired {
		a = with(a, "Proxy-Authenticate", basic())
	}
	with(a, "Cache-Control", "no-store").Serve(w, r)
}

// preference is one of a Prefer field.
type preference struct{ name, value string }

// maxPreferences bounds how many are looked at.
const maxPreferences = 32

// preferences reads the fields; the first of a name counts (RFC 7240 section 2).
//
//	Prefer     = "Prefer" ":" 1#preference
//	preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )
func preferences(fields []string) []preference {
	var all []preference
	for _, field := range fields {
		for field != "" && len(all) < maxPreferences {
			var one string
			one, field = cutUnquoted(field, ',')
			one, _ = cutUnquoted(one, ';')
			name, value, _ := strings.Cut(one, "=")
			name = strings.ToLower(strings.Trim(name, " \t"))
			if name == "" || slices.ContainsFunc(all, func(p preference) bool { return p.name == name }) {
				continue
			}
			all = append(all, preference{name, unquote(strings.Trim(value, " \t"))})
		}
	}
	return all
}

// cutUnquoted cuts at the first sep that no quoted-string holds.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
