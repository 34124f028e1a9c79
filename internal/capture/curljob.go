package capture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/secretname"
)

// curlJob is what the options of one curl add up to, up to --next.
type curlJob struct {
	statement statement
	urls      []word
	words     []word // every value, for the variables in it
	headers   []string
	method    string
	head, get bool
	data      []byte
	hasData   bool
	json      bool
	form      []formPart
	isForm    bool
	upload    string
	isUpload  bool
	query     []string
	agent     string
	hasAgent  bool
	referer   string
	bearer    string
	auth      []string
	cookies   []string
	ranges    string
	encoding  bool
	userOpen  bool // a variable stands in the value of -u
	globOff   bool
	asIs      bool
	proto     string
	scheme    string
	options   Options
	// partial tells that fields come from files that nobody read.
	partial bool
	notes   []Note
}

type formPart struct{ name, value, file, kind string }

func newCurlJob(s statement) *curlJob { return &curlJob{statement: s, scheme: "http"} }

func (j *curlJob) note(kind NoteKind, about, text string) {
	if len(j.notes) < maxFields {
		j.notes = append(j.notes, Note{kind, about, text})
	}
}

// apply takes one option.
func (j *curlJob) apply(o curlOption, take func() (word, bool)) error {
	if !o.valued {
		j.set(o.name, !o.off)
		return nil
	}
	w, ok := take()
	if !ok {
		j.note(NoteMalformed, "--"+o.name, "the value is missing")
		return nil
	}
	if j.words = append(j.words, w); len(j.words) > maxFields {
		return &SyntaxError{What: "curl command", Problem: fmt.Sprintf("more than %d options", maxFields)}
	}
	if o.name == "url" {
		j.urls = append(j.urls, w)
		return nil
	}
	if o.name == "user" {
		j.userOpen = len(w.open) > 0
	}
	if !j.content(o.name, w.text) {
		j.valued(o.name, w.text)
	}
	return nil
}

// set takes a switch.
func (j *curlJob) set(name string, on bool) {
	switch name {
	case "head":
		j.head = on
	case "get":
		j.get = on
	case "insecure":
		j.options.Insecure = on
	case "location", "follow":
		j.options.Follow = on
	case "location-trusted":
		j.options.Follow, j.options.FollowTrusted = on, on
	case "compressed":
		j.encoding = on
	case "globoff":
		j.globOff = on
	case "path-as-is":
		j.asIs = on
	case "basic", "digest", "ntlm", "negotiate", "anyauth":
		if name == "anyauth" {
			j.auth = []string{name}
		} else if on && !slices.Contains(j.auth, name) {
			j.auth = append(j.auth, name)
		} else if !on {
			j.auth = slices.DeleteFunc(j.auth, func(a string) bool { return a == name })
		}
	case "http1.0":
		j.proto = "HTTP/1.0"
	case "http1.1":
		j.proto = "HTTP/1.1"
	case "http2", "http2-prior-knowledge":
		j.proto = "HTTP/2"
	case "http3", "http3-only":
		j.proto = "HTTP/3"
	case "netrc", "netrc-optional":
		j.partial = true
		j.note(NoteIgnored, "--"+name, "curl takes name and password from ~/.netrc, which is not read here")
	}
}

// valued takes an option that is not about the content.
func (j *curlJob) valued(name, v string) {
	switch name {
	case "request":
		j.method = v
	case "user":
		j.options.User = v
	case "user-agent":
		j.agent, j.hasAgent = v, true
	case "referer":
		j.referer = strings.TrimSuffix(v, ";auto")
	case "oauth2-bearer":
		j.bearer = v
	case "range":
		j.ranges = v
	case "proxy", "preproxy":
		j.options.Proxy = v
	case "proxy1.0":
		j.options.Proxy = v
	case "socks4", "socks4a", "socks5", "socks5-hostname":
		j.options.Proxy = strings.Replace(name, "socks5-hostname", "socks5h", 1) + "://" + v
	case "proxy-user":
		j.options.ProxyUser = v
	case "proto-default":
		j.scheme = strings.ToLower(v)
	case "header":
		j.header(v)
	case "cookie":
		if strings.Contains(v, "=") {
			j.cookies = append(j.cookies, v)
		} else if v != "" {
			j.partial = true
			j.note(NoteIgnored, "-b", "without a = curl takes it for the name of a file of cookies, which is not read here; a cookie is NAME=VALUE")
		}
	case "aws-sigv4":
		j.auth = []string{"aws-sigv4"}
	case "netrc-file", "config":
		j.partial = true
		j.note(NoteIgnored, "--"+name, "the file is not read here: options or credentials in it are missing")
	case "variable":
		j.note(NoteVariable, "--variable", "what curl makes of its own variables is not known here")
	case "resolve", "connect-to", "unix-socket", "abstract-unix-socket", "interface", "doh-url", "request-target":
		j.note(NoteIgnored, "--"+name, "it changes which server is asked; this is not followed here")
	case "cert", "key", "cacert", "proxy-header":
		j.note(NoteIgnored, "--"+name, "understood, and without effect here")
	}
}

// NoColon is what the note says about a -H that is no field.
const NoColon = "curl sends no field for it: there is no colon between name and value"

// AsksPassword is what the note says about a -u without a password.
const AsksPassword = "curl asks for the password at the terminal; what was typed is not known here"

// knownField tells names of fields that carry credentials, and the usual ones,
// from a secret that was given in place of a field.
func knownField(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' {
			return false
		}
	}
	switch strings.ToLower(name) {
	case "accept", "content-type", "host", "origin", "referer", "user-agent", "x-requested-with":
		return true
	}
	return len(name) <= 30 && secretname.Is(name)
}

func (j *curlJob) header(v string) {
	if file, ok := strings.CutPrefix(v, "@"); ok {
		j.partial = true
		j.note(NoteIgnored, "-H @"+file, "the fields in this file are not read here")
		return
	}
	name, _, colon := strings.Cut(v, ":")
	if before, after, ok := strings.Cut(v, ";"); ok && !colon && strings.TrimSpace(after) == "" {
		name, colon = before, true
	}
	if !colon {
		about := "-H"
		// What begins with a name that is known cannot be a secret as a whole.
		if name, _, ok := strings.Cut(strings.TrimSpace(v), " "); ok && knownField(name) {
			about = `-H "` + name + ` ..."`
		}
		j.note(NoteMalformed, about, NoColon)
		return
	}
	if strings.TrimSpace(name) == "" {
		j.note(NoteMalformed, "-H", "the name of the field is missing")
		return
	}
	j.headers = append(j.headers, v)
}

// content takes an option that makes the body or the query.
func (j *curlJob) content(name, v string) bool {
	switch name {
	case "data", "data-ascii", "data-binary":
		if file, ok := strings.CutPrefix(v, "@"); ok {
			j.add(j.file(file, "--"+name, name != "data-binary"))
			return true
		}
		j.add(v)
	case "data-raw":
		j.add(v)
	case "json":
		j.json = true
		if file, ok := strings.CutPrefix(v, "@"); ok {
			v = j.file(file, "--json", false)
		}
		j.data, j.hasData = append(j.data, v...), true
	case "data-urlencode":
		j.add(j.urlEncode(v))
	case "url-query":
		if raw, ok := strings.CutPrefix(v, "+"); ok {
			j.query = append(j.query, raw)
		} else {
			j.query = append(j.query, j.urlEncode(v))
		}
	case "form", "form-string":
		j.isForm = true
		j.part(v, name == "form-string")
	case "upload-file":
		j.upload, j.isUpload = v, true
	default:
		return false
	}
	return true
}

func (j *curlJob) add(v string) {
	if j.hasData {
		j.data = append(j.data, '&')
	}
	j.data, j.hasData = append(j.data, v...), true
}

// file is the content of a file: known only where it is standard input and the
// text has it.
func (j *curlJob) file(name, option string, strip bool) string {
	if name == "-" && j.statement.hasInput {
		text := j.statement.input
		if strip {
			text = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(text)
		}
		return text
	}
	j.note(NoteIgnored, option+" @"+name, "the content of the file is not read here, so the body is not known")
	return ""
}

// urlEncode reads CONTENT, =CONTENT, NAME=CONTENT, @FILE and NAME@FILE.
func (j *curlJob) urlEncode(v string) string {
	at := strings.IndexAny(v, "=@")
	if at < 0 {
		return curlEscape(v)
	}
	name, content := v[:at], v[at+1:]
	if v[at] == '@' {
		content = j.file(content, "--data-urlencode", false)
	}
	if name == "" {
		return curlEscape(content)
	}
	return name + "=" + curlEscape(content)
}

// curlEscape leaves the unreserved characters of RFC 3986 section 2.3 alone; a
// space becomes a plus, as in a form.
func curlEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// part reads one -F: name=value, name=@file, name=<file, with ;type= behind.
func (j *curlJob) part(v string, literal bool) {
	name, value, ok := strings.Cut(v, "=")
	if !ok {
		j.note(NoteMalformed, "-F", "curl refuses it: there is no name=")
		return
	}
	p := formPart{name: name, value: value}
	if !literal {
		value, rest, _ := strings.Cut(value, ";")
		for param := range strings.SplitSeq(rest, ";") {
			if kind, ok := strings.CutPrefix(strings.TrimSpace(param), "type="); ok {
				p.kind = kind
			}
		}
		p.value = strings.Trim(value, `"`)
		if file, ok := strings.CutPrefix(value, "@"); ok {
			p.file, p.value = strings.Trim(file, `"`), ""
		} else if file, ok := strings.CutPrefix(value, "<"); ok {
			p.value = ""
			j.note(NoteIgnored, "-F <"+file, "the content of the file is not read here, so the body is not known")
		}
	}
	if p.file != "" {
		j.note(NoteIgnored, "-F @"+p.file, "the content of the file is not read here, so the body is not known")
	}
	j.form = append(j.form, p)
}
