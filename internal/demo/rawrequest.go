package demo

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/gate401/gate401/web"
)

// Field is one field line, as written.
type Field struct{ Name, Value string }

// RawRequest is a request to the last octet: net/http would repair or refuse
// much of what the rows are about.
type RawRequest struct {
	Method, Target string
	// Fields come after Host, in this order.
	Fields []Field
	Body   string
	// Marks are the lines that decide.
	Marks web.Marks
}

// complete tells whether there is a request at all.
func (r RawRequest) complete() bool { return r.Method != "" && r.Target != "" }

// with adds fields.
func (r RawRequest) with(fields ...Field) RawRequest {
	r.Fields = append(append([]Field(nil), r.Fields...), fields...)
	return r
}

// Bytes is the request on the wire. The connection ends with the answer, so
// that its end is the end of the response.
func (r RawRequest) Bytes(host string) []byte {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target + " HTTP/1.1\r\nHost: " + host + "\r\n")
	accept := false
	for _, f := range r.Fields {
		accept = accept || strings.EqualFold(f.Name, "Accept")
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	if !accept {
		b.WriteString("Accept: */*\r\n")
	}
	if r.Body != "" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.Body)) + "\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n" + r.Body)
	return []byte(b.String())
}

// Curl is a command line that sends the same; times > 1 sends it that often and
// prints the statuses.
func (r RawRequest) Curl(gate string, times int) string {
	var b strings.Builder
	if times > 1 {
		b.WriteString("for i in $(seq " + strconv.Itoa(times) + "); do curl -s -o /dev/null -w '%{http_code}\\n'")
	} else {
		b.WriteString("curl -i")
	}
	switch {
	case r.Method == "HEAD":
		b.WriteString(" --head")
	case r.Method != "GET" && !(r.Method == "POST" && r.Body != ""):
		b.WriteString(" -X " + r.Method)
	}
	path, _, _ := strings.Cut(r.Target, "?")
	if strings.Contains(path, "..") || strings.Contains(path, "//") {
		b.WriteString(" --path-as-is")
	}
	for _, f := range r.Fields {
		if f.Value == "" {
			// curl sends a field without a value only in this spelling.
			b.WriteString(" -H " + quoted(f.Name+";"))
			continue
		}
		b.WriteString(" -H " + quoted(f.Name+": "+f.Value))
	}
	if r.Body != "" {
		b.WriteString(" --data-binary " + quoted(r.Body))
	}
	b.WriteString(" " + quoted(strings.TrimSuffix(gate, "/")+r.Target))
	if times > 1 {
		b.WriteString("; done")
	}
	return b.String()
}

// quoted is s for a POSIX shell, to which nothing inside single quotes is
// special.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// marked tells which lines of the request decide: fields by name.
func (r RawRequest) marked(fields ...string) RawRequest {
	r.Marks.Fields = fields
	return r
}

// markedStart marks the start line.
func (r RawRequest) markedStart() RawRequest {
	r.Marks.Start = true
	return r
}

func get(target string) RawRequest { return RawRequest{Method: "GET", Target: target} }

// authorization is a request with one Authorization field, which decides. An
// empty credential makes no request: the demo does not have it.
func (r RawRequest) authorization(scheme, credential string) RawRequest {
	if credential == "" {
		return RawRequest{}
	}
	return r.with(Field{"Authorization", scheme + " " + credential}).marked("Authorization")
}

func (r RawRequest) bearer(token string) RawRequest { return r.authorization("Bearer", token) }

func (r RawRequest) basic(name, password string) RawRequest {
	if name == "" {
		return RawRequest{}
	}
	return r.authorization("Basic", base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
}

func (r RawRequest) person(p Person) RawRequest { return r.basic(p.Name, p.Password) }
