package httpauth

import (
	"net/url"
	"strings"
)

// linter judges one challenge that could be read.
type linter struct {
	*report
	s     string // the field value
	c     Challenge
	head  int    // offset of the scheme
	marks []mark // of its parameters
}

// lintChallenge reports what the grammar allows and the schemes do not.
func lintChallenge(r *report, s string, c Challenge, head int, marks []mark) {
	l := linter{r, s, c, head, marks}
	l.common()
	switch {
	case c.Is("Basic"):
		l.basic()
	case c.Is("Bearer"), c.Is("DPoP"):
		l.bearer()
	case c.Is("Digest"):
		l.digest()
	}
}

// find returns the value of a parameter and its mark.
func (l *linter) find(name string) (string, mark, bool) {
	for i := range l.c.Params {
		if equalFold(l.c.Params[i].Name, name) {
			return l.c.Params[i].Value, l.marks[i], true
		}
	}
	return "", mark{}, false
}

func (l *linter) common() {
	if k, known := findScheme(l.c.Scheme); !known || !k.registered {
		message := ""
		if len(l.c.Scheme) <= 40 {
			message = "the scheme " + l.c.Scheme + " is not registered"
		}
		l.add(IDSchemeUnregistered, l.head, message, k.hint)
	}
	realm, m, ok := l.find("realm")
	if !ok {
		return
	}
	if !m.quoted && !m.cut {
		l.add(IDRealmUnquoted, m.value, "", exampleParam("realm", realm))
		if len(realm) > 1 && realm[0] == '\'' && realm[len(realm)-1] == '\'' {
			l.add(IDSingleQuotes, m.value, "", exampleParam("realm", realm[1:len(realm)-1]))
		}
	}
	if realm == "" {
		l.add(IDRealmEmpty, m.value, "", "")
	}
}

func exampleParam(name, value string) string {
	if len(value) > 80 {
		return "put the value into double quotes"
	}
	return string(appendQuoted([]byte(name+"="), value))
}

// basic checks a Basic challenge (RFC 7617 section 2).
func (l *linter) basic() {
	if l.c.Token68 != "" {
		l.add(IDToken68Unexpected, l.head, "", `Basic realm="..."`)
		return
	}
	if _, _, ok := l.find("realm"); !ok {
		l.add(IDBasicRealmMissing, l.head, "", `Basic realm="...", charset="UTF-8"`)
	}
	if charset, m, ok := l.find("charset"); ok && !equalFold(charset, "UTF-8") {
		l.add(IDCharsetUnknown, m.value, "", `charset="UTF-8"`)
	}
	l.unknown("realm", "charset")
}

// unknown reports parameters that a receiver has to ignore.
func (l *linter) unknown(names ...string) {
next:
	for i, p := range l.c.Params {
		for _, n := range names {
			if equalFold(n, p.Name) {
				continue next
			}
		}
		message := ""
		if len(p.Name) <= 40 {
			message = "the parameter " + p.Name + " means nothing in this scheme and is ignored"
		}
		l.add(IDParamUnknown, l.marks[i].name, message, "")
	}
}

// bearer checks a Bearer challenge (RFC 6750 section 3) and a DPoP challenge,
// which has the same parameters (RFC 9449 section 7.1).
func (l *linter) bearer() {
	if l.c.Token68 != "" {
		l.add(IDToken68Unexpected, l.head, "", `Bearer realm="..."`)
		return
	}
	if len(l.c.Params) == 0 && l.c.Is("Bearer") {
		l.add(IDBareBearer, l.head, "", `Bearer realm="..."`)
	}
	code, m, hasCode := l.find("error")
	if hasCode && !knownBearerError(code) {
		l.add(IDBearerErrorUnknown, m.value, "", "invalid_request, invalid_token or insufficient_scope")
	}
	if _, m, ok := l.find("error_description"); ok && !hasCode {
		l.add(IDBearerErrorMissing, m.name, "", `error="invalid_token"`)
	}
	for i, p := range l.c.Params {
		switch {
		case equalFold(p.Name, "error"), equalFold(p.Name, "error_description"):
			l.charset(i, p, isNQSChar)
		case equalFold(p.Name, "error_uri"):
			l.charset(i, p, isNQChar)
		case equalFold(p.Name, "scope"):
			if at := scopeError(p.Value); at >= 0 {
				l.add(IDBearerScope, l.within(i, at), "", `scope="read write"`)
			}
		case equalFold(p.Name, "resource_metadata"):
			// On one's own machine everything is tried out without certificates.
			if !(hasPrefixFold(p.Value, "https://") && len(p.Value) > len("https://") || isLoopbackURL(p.Value)) {
				l.add(IDResourceMetadata, l.marks[i].value, "", "")
			}
		}
	}
}

func (l *linter) charset(i int, p Param, allowed func(byte) bool) {
	for j := range len(p.Value) {
		if !allowed(p.Value[j]) {
			l.add(IDBearerValueCharset, l.within(i, j), "", "")
			return
		}
	}
}

// within returns the offset in the field of octet j of parameter i's value.
func (l *linter) within(i, j int) int {
	at := l.marks[i].value
	if !l.marks[i].quoted {
		return at + j
	}
	for at++; j > 0; j-- {
		if l.s[at] == '\\' {
			at++
		}
		at++
	}
	return at
}

// knownBearerError knows the codes of RFC 6750 section 3.1, RFC 9470 section 3
// and RFC 9449 sections 7.1 and 9.
func knownBearerError(code string) bool {
	switch code {
	case "invalid_request", "invalid_token", "insufficient_scope",
		"insufficient_user_authentication", "invalid_dpop_proof", "use_dpop_nonce":
		return true
	}
	return false
}

// digest checks a Digest challenge (RFC 7616 section 3.3).
func (l *linter) digest() {
	if l.c.Token68 != "" {
		l.add(IDToken68Unexpected, l.head, "", `Digest realm="...", nonce="...", qop="auth", algorithm=SHA-256`)
		return
	}
	if _, _, ok := l.find("realm"); !ok {
		l.add(IDDigestRealmMissing, l.head, "", `realm="..."`)
	}
	if _, _, ok := l.find("nonce"); !ok {
		l.add(IDDigestNonceMissing, l.head, "", `nonce="..."`)
	}
	if qop, m, ok := l.find("qop"); !ok {
		l.add(IDDigestQopMissing, l.head, "", `qop="auth"`)
	} else if !listHas(qop, "auth") && !listHas(qop, "auth-int") {
		l.add(IDDigestQopUnknown, m.value, "", `qop="auth"`)
	}
	if algorithm, m, ok := l.find("algorithm"); !ok {
		l.add(IDDigestMD5, l.head, "without algorithm the weak MD5 is meant", "algorithm=SHA-256")
	} else if base := cutSess(algorithm); equalFold(base, "MD5") {
		l.add(IDDigestMD5, m.value, "", "algorithm=SHA-256")
	} else if !equalFold(base, "SHA-256") && !equalFold(base, "SHA-512-256") {
		l.add(IDDigestAlgorithmUnknown, m.value, "", "algorithm=SHA-256")
	}
	if domain, m, ok := l.find("domain"); ok && !isURIList(domain) {
		l.add(IDDigestDomain, m.value, "", `domain="/orders https://api.example.com/"`)
	}
	for _, name := range [...]string{"stale", "userhash"} {
		if v, m, ok := l.find(name); ok && !equalFold(v, "true") && !equalFold(v, "false") {
			l.add(IDDigestNotBoolean, m.value, "", name+"=true")
		}
	}
	if charset, m, ok := l.find("charset"); ok && !equalFold(charset, "UTF-8") {
		l.add(IDCharsetUnknown, m.value, "", "charset=UTF-8")
	}
	l.quoting([]string{"domain", "nonce", "opaque", "qop"}, []string{"stale", "algorithm"})
	l.unknown("realm", "domain", "nonce", "opaque", "stale", "algorithm", "qop", "charset", "userhash")
}

// domain = DQUOTE URI *( 1*SP URI ) DQUOTE; a URI is absolute, or a path that
// starts with a slash (RFC 7616 section 3.3).
func isURIList(list string) bool {
	uris := strings.Fields(list)
	for _, uri := range uris {
		u, err := url.Parse(uri)
		if err != nil || strings.HasSuffix(uri, ",") || !u.IsAbs() && !strings.HasPrefix(uri, "/") {
			return false
		}
	}
	return len(uris) > 0
}

// quoting checks the forms that RFC 7616 prescribes. An unquoted realm has its
// own finding.
func (l *linter) quoting(quoted, plain []string) {
	for _, name := range quoted {
		if _, m, ok := l.find(name); ok && !m.quoted {
			l.add(IDDigestUnquoted, m.value, name+" has to be quoted", name+`="..."`)
		}
	}
	for _, name := range plain {
		if _, m, ok := l.find(name); ok && m.quoted {
			l.add(IDDigestQuoted, m.value, name+" must not be quoted", name+"=...")
		}
	}
}

func cutSess(algorithm string) string {
	if n := len(algorithm) - len("-sess"); n > 0 && equalFold(algorithm[n:], "-sess") {
		return algorithm[:n]
	}
	return algorithm
}

func listHas(list, word string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if equalFold(strings.Trim(item, " \t"), word) {
			return true
		}
	}
	return false
}

// lintRepeats reports a challenge that says the same as an earlier one: the
// user is asked, or the algorithm chosen, between two equal things.
func lintRepeats(r *report, before, now []Challenge, heads []int) {
	for i := range now {
		if repeats(before, now[i]) || repeats(now[:i], now[i]) {
			r.add(IDDuplicateChallenge, heads[i], "", "")
		}
	}
}

func repeats(before []Challenge, c Challenge) bool {
	realm, _ := c.Param("realm")
	algorithm, _ := c.Param("algorithm")
	for i := range before {
		b := &before[i]
		if !b.Is(c.Scheme) || b.Token68 != c.Token68 || len(b.Params) != len(c.Params) {
			continue
		}
		r, _ := b.Param("realm")
		a, _ := b.Param("algorithm")
		if r == realm && equalFold(a, algorithm) {
			return true
		}
	}
	return false
}

// isLoopbackURL tells whether a URL begins with http and a host of this machine.
func isLoopbackURL(u string) bool {
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
		if !hasPrefixFold(u, "http://"+host) {
			continue
		}
		rest := u[len("http://"+host):]
		return rest == "" || rest[0] == ':' || rest[0] == '/'
	}
	return false
}
