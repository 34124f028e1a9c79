package capture

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// curlAgent is what curl calls itself; its version is not known.
const curlAgent = "curl"

// formBoundary separates the parts of a form; curl takes a random one.
const formBoundary = "------------------------gate401gate401gate4"

// exchanges are the requests that curl would make, one for each URL.
func (j *curlJob) exchanges() []Exchange {
	if j.isForm && len(j.form) > 0 {
		j.data = j.formBody()
	}
	j.notes = append(openNotes(j.words...), j.notes...)
	var out []Exchange
	for _, w := range j.urls {
		out = append(out, j.exchange(w))
	}
	return out
}

func (j *curlJob) exchange(w word) Exchange {
	u, user, notes := parseURL(j.unglob(w.text), j.scheme)
	if !j.asIs && strings.Contains(u.Path, "/.") {
		u = withoutDots(u)
	}
	u.Fragment, u.RawFragment = "", ""
	x := Exchange{Request: Request{Method: j.verb(), URL: u, Proto: j.proto, Options: j.options, Incomplete: j.partial}}
	x.Notes = slices.Concat(openNotes(w), notes, j.notes)
	if strings.HasSuffix(u.Path, "/") && j.isUpload && j.upload != "-" && j.upload != "." {
		u.Path, u.RawPath = u.Path+programName(j.upload), ""
	}
	if j.isUpload {
		x.Notes = append(x.Notes, Note{NoteIgnored, "-T", "the content of the file is not read here, so the body is not known"})
	}
	for _, q := range j.query {
		u.RawQuery = joinQuery(u.RawQuery, q)
	}
	if j.get && j.hasData {
		u.RawQuery = joinQuery(u.RawQuery, string(j.data))
	} else if j.hasData || j.isForm {
		x.Request.Body = j.data
	}
	o := &x.Request.Options
	if o.User == "" {
		o.User = user
	}
	if o.Proxy != "" && !strings.Contains(o.Proxy, "://") {
		o.Proxy = "http://" + o.Proxy
	}
	authorization, more := j.authorization(o)
	if more != nil {
		x.Notes = append(x.Notes, *more)
		x.Request.Incomplete = true
	}
	x.Request.Header = j.fields(u, authorization)
	return x
}

func joinQuery(query, more string) string {
	if query == "" {
		return more
	}
	return query + "&" + more
}

func (j *curlJob) verb() string {
	switch {
	case j.method != "":
		return j.method
	case j.head:
		return "HEAD"
	case j.isUpload:
		return "PUT"
	case j.isForm, j.hasData && !j.get:
		return "POST"
	}
	return "GET"
}

// authorization is what curl makes of -u, --oauth2-bearer and the kind of
// authentication. Digest, NTLM, Negotiate and --anyauth wait for a challenge.
func (j *curlJob) authorization(o *Options) (string, *Note) {
	if j.bearer != "" {
		o.Auth = "bearer"
		return "Bearer " + j.bearer, nil
	}
	if len(j.auth) > 0 {
		o.Auth = j.auth[0]
		if len(j.auth) > 1 {
			o.Auth = "anyauth"
		}
	} else if o.User != "" {
		o.Auth = "basic"
	}
	if o.User == "" || o.Auth != "basic" {
		return "", nil
	}
	if !strings.Contains(o.User, ":") && j.userOpen {
		return "", &Note{NoteVariable, "-u", "whether a password stands in the variable is not known here"}
	}
	if !strings.Contains(o.User, ":") {
		return "", &Note{NoteVariable, "-u", AsksPassword}
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(o.User)), nil
}

// fields are in the order of curl: its own, then those of -H, then those of
// the body. One of -H replaces curl's own, and without a value removes it.
func (j *curlJob) fields(u *url.URL, authorization string) Header {
	headers := j.headers
	if j.json {
		for _, own := range []string{"Content-Type: application/json", "Accept: application/json"} {
			name, _, _ := strings.Cut(own, ":")
			if !hasOption(headers, name) {
				headers = append(slices.Clip(headers), own)
			}
		}
	}
	var h Header
	add := func(name, value string) {
		if !hasOption(headers, name) {
			h = append(h, Field{name, value})
		}
	}
	add("Host", hostField(u))
	for _, v := range headers {
		if f, ok := headerField(v); ok && strings.EqualFold(f.Name, "Host") {
			h = append(h, f)
			break
		}
	}
	if authorization != "" {
		add("Authorization", authorization)
	}
	if j.ranges != "" {
		add("Range", "bytes="+j.ranges)
	}
	switch {
	case !j.hasAgent:
		add("User-Agent", curlAgent)
	case j.agent != "":
		add("User-Agent", j.agent)
	}
	add("Accept", "*/*")
	if j.encoding {
		add("Accept-Encoding", "deflate, gzip, br, zstd")
	}
	if j.referer != "" {
		add("Referer", j.referer)
	}
	if len(j.cookies) > 0 {
		add("Cookie", strings.Join(j.cookies, ";"))
	}
	kind, hasBody := j.bodyType(headers)
	for _, v := range headers {
		f, ok := headerField(v)
		if !ok || strings.EqualFold(f.Name, "Host") || j.isForm && strings.EqualFold(f.Name, "Content-Type") {
			continue
		}
		h = append(h, f)
	}
	if hasBody {
		if !chunked(headers) {
			add("Content-Length", strconv.Itoa(len(j.data)))
		}
		if j.isForm {
			h = append(h, Field{"Content-Type", kind})
		} else {
			add("Content-Type", kind)
		}
	}
	return h
}

// bodyType is the Content-Type that curl gives a body.
func (j *curlJob) bodyType(headers []string) (kind string, ok bool) {
	switch {
	case j.isUpload || j.get || j.head && !j.hasData && !j.isForm:
		return "", false
	case j.isForm:
		kind = "multipart/form-data"
		for _, v := range headers {
			if f, ok := headerField(v); ok && strings.EqualFold(f.Name, "Content-Type") {
				kind = f.Value
			}
		}
		return kind + "; boundary=" + formBoundary, true
	case j.hasData:
		return "application/x-www-form-urlencoded", true
	}
	return "", false
}

func chunked(headers []string) bool {
	for _, v := range headers {
		if f, ok := headerField(v); ok && strings.EqualFold(f.Name, "Transfer-Encoding") && strings.Contains(strings.ToLower(f.Value), "chunked") {
			return true
		}
	}
	return false
}

// hasOption tells whether -H has a word on the field.
func hasOption(headers []string, name string) bool {
	return slices.ContainsFunc(headers, func(v string) bool {
		return len(v) > len(name) && strings.EqualFold(v[:len(name)], name) && (v[len(name)] == ':' || v[len(name)] == ';')
	})
}

// headerField is the field of one -H. "Name:" removes, "Name;" has no value.
func headerField(v string) (Field, bool) {
	name, value, ok := strings.Cut(v, ":")
	if !ok {
		name, _, _ = strings.Cut(v, ";")
		return Field{name, ""}, true
	}
	if strings.TrimSpace(value) == "" {
		return Field{}, false
	}
	return Field{name, strings.Trim(value, " \t")}, true
}

// unglob undoes the escapes of brackets in curl's URL patterns.
func (j *curlJob) unglob(u string) string {
	if j.globOff {
		return u
	}
	var b strings.Builder
	pattern := false
	for i := 0; i < len(u); i++ {
		if u[i] == '\\' && i+1 < len(u) && strings.IndexByte("{}[]", u[i+1]) >= 0 {
			i++
		} else if u[i] == '{' {
			pattern = true
		}
		b.WriteByte(u[i])
	}
	if pattern {
		j.note(NoteIgnored, "{...}", "curl makes several URLs of the braces; --globoff takes them as they are")
	}
	return b.String()
}

func (j *curlJob) formBody() []byte {
	disposition := "form-data"
	for _, v := range j.headers {
		if f, ok := headerField(v); ok && strings.EqualFold(f.Name, "Content-Type") && !strings.HasPrefix(strings.ToLower(f.Value), "multipart/form-data") {
			disposition = "attachment"
		}
	}
	var b strings.Builder
	for _, p := range j.form {
		b.WriteString("--" + formBoundary + "\r\nContent-Disposition: " + disposition + `; name="` + p.name + `"`)
		if p.file != "" {
			b.WriteString(`; filename="` + programName(p.file) + `"`)
		}
		b.WriteString("\r\n")
		switch {
		case p.kind != "":
			b.WriteString("Content-Type: " + p.kind + "\r\n")
		case p.file != "":
			b.WriteString("Content-Type: application/octet-stream\r\n")
		}
		b.WriteString("\r\n" + p.value + "\r\n")
	}
	b.WriteString("--" + formBoundary + "--\r\n")
	return []byte(b.String())
}
