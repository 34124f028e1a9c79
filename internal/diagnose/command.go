package diagnose

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// commandURL is a URL as an argument of a command: what is secret in it, what
// the shell filled in, and what it should fill in are variables, which single
// quotes would keep from being filled in.
func (s *scene) commandURL(u *url.URL, names ...string) string {
	text := s.urlWith(u, func(name, _ string) string {
		names = append(names, "$"+shellVariable(name))
		return names[len(names)-1]
	})
	if len(text) > maxURL {
		return `"$URL"` // shells and terminals take no megabytes
	}
	for _, name := range variables(s.x) {
		if strings.HasPrefix(name, "$") && shownName(name) == name {
			names = append(names, name)
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(text, name) }) {
		return shellWord(text)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if n := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(text[i:], name) }); n >= 0 {
			b.WriteString(names[n])
			i += len(names[n])
			continue
		}
		if strings.IndexByte("$`\"\\", text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
		i++
	}
	return `"` + b.String() + `"`
}

// shellVariable is the variable that stands for a secret parameter.
func shellVariable(name string) string {
	switch strings.ToLower(name) {
	case "apikey", "api_key", "api-key", "key", "x-api-key", "subscription-key":
		return "API_KEY"
	case "access_token", "token", "auth_token", "auth", "jwt":
		return "TOKEN"
	}
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
	if out == "" || out[0] >= '0' && out[0] <= '9' {
		out = "SECRET"
	}
	return out
}

// curl is the request as a command, with the credential as given in place of the
// one that was sent; secrets are variables of the shell.
func (s *scene) curl(credential ...string) string { return s.curlFilling(nil, credential...) }

// curlFilling is curl with variables of the URL that the shell should fill in.
func (s *scene) curlFilling(names []string, credential ...string) string {
	if s.req.URL.Host == "" {
		return "" // only the answer is known
	}
	var b strings.Builder
	b.WriteString("curl -i")
	if m := s.req.Method; m != "" && m != http.MethodGet && m != http.MethodConnect {
		b.WriteString(" -X " + shellWord(m))
	}
	for _, c := range credential {
		if c != "" {
			b.WriteString(" " + c)
		}
	}
	for _, f := range s.req.Header {
		if strings.EqualFold(f.Name, "Content-Type") && len(s.req.Body) > 0 {
			b.WriteString(" -H " + shellWord("Content-Type: "+f.Value))
		}
		if name := strings.ToLower(f.Name); strings.HasSuffix(name, "-version") && !strings.HasPrefix(name, "sec-") && len(f.Value) <= 20 {
			b.WriteString(" -H " + shellWord(f.Name+": "+f.Value)) // some APIs answer nothing without it
		}
	}
	if len(s.req.Body) > 0 {
		b.WriteString(" --data-binary @body")
	}
	u := *s.req.URL
	u.User = nil
	if s.req.Method == http.MethodConnect {
		u.Host = strings.TrimSuffix(u.Host, ":443") // curl makes the tunnel by itself
	}
	b.WriteString(" " + s.commandURL(&u, names...))
	return b.String()
}

// withToken are the arguments that send a Bearer token.
const withToken = `-H "Authorization: Bearer $TOKEN"`

// withPassword are those that send Basic credentials.
const withPassword = `-u "$NAME:$PASSWORD"`

// shellWord quotes a word for POSIX shells where it needs it.
func shellWord(w string) string {
	if w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:@%+=,") == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
