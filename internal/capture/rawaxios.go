package capture

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// An error of axios as Node.js prints it: within it are the request and, at the
// same depth, the answer.
var (
	axiosConfig   = regexp.MustCompile(`(?m)^( *)config: (?:\[?Object[^{]{0,40})?\{\r?$`)
	axiosResponse = regexp.MustCompile(`(?m)^( *)response: (?:\[?Object[^{]{0,40})?\{\r?$`)
)

func isAxios(text string) bool {
	return strings.Contains(text, "AxiosError") && axiosConfig.MatchString(text)
}

// member is the text of the object behind the first match, at the depth given;
// any depth if it is negative.
func member(text string, pattern *regexp.Regexp, depth int) (string, int) {
	for _, m := range pattern.FindAllStringSubmatchIndex(text, 200) {
		if depth < 0 || m[3]-m[2] == depth {
			return text[m[1]:], m[3] - m[2]
		}
	}
	return "", depth
}

// axiosError gives the request and the answer that an error of axios holds, as
// messages.
func axiosError(text string) string {
	config, depth := member(text, axiosConfig, -1)
	request := inspected(config)
	answer, _ := member(text, axiosResponse, depth)
	response := inspected(answer)
	u, err := url.Parse(request.one["url"])
	if err != nil {
		return ""
	}
	if base, err := url.Parse(request.one["baseURL"]); err == nil && base.Host != "" && u.Host == "" {
		u = base.JoinPath(u.Path)
		if _, query, ok := strings.Cut(request.one["url"], "?"); ok {
			u.RawQuery = query
		}
	}
	method := strings.ToUpper(request.one["method"])
	if u.Host == "" || !isMethod(method) {
		return ""
	}
	if auth := request.auth; auth != "" {
		request.fields += "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(auth)) + "\n"
	}
	var b strings.Builder
	b.WriteString(method + " " + u.String() + " HTTP/1.1\nHost: " + u.Host + "\n" + request.fields + "\n" + request.one["data"] + "\n\n")
	if status := response.one["status"]; status != "" {
		b.WriteString("HTTP/1.1 " + status + " " + response.one["statusText"] + "\n" + response.fields + "\n" + response.one["data"] + "\n")
	}
	return b.String()
}

// inspection is what matters of an object that Node.js printed.
type inspection struct {
	one    map[string]string // its own members that are texts, numbers or plain objects
	fields string            // those of its headers, as lines of a message
	auth   string            // its name and password
}

// inspected reads the members of an object, one a line, up to its end.
func inspected(text string) inspection {
	out := inspection{one: map[string]string{}}
	indent, count, headers := -1, 0, false
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(trimEnd(line), ",")
		trimmed := strings.TrimLeft(bare, " ")
		depth := len(bare) - len(trimmed)
		if trimmed == "" {
			continue
		}
		if indent < 0 {
			indent = depth
		}
		if depth < indent {
			break
		}
		r := jsReader{text: trimmed, vars: map[string]jsValue{}}
		name := r.memberName()
		switch {
		case depth == indent:
			if headers = name == "headers"; headers || name == "" || len(out.one) > maxFields {
				continue
			}
			rest := strings.TrimSpace(trimmed[r.at:])
			if rest == "" || strings.HasSuffix(rest, "{") || strings.HasSuffix(rest, "[") || rest == "undefined" || rest == "null" {
				continue
			}
			r.text, r.at = rest, 0
			if v, err := r.value(); err == nil {
				if user, ok := v.get("username"); ok && name == "auth" {
					password, _ := v.get("password")
					out.auth = user.text + ":" + password.text
				}
				if v.object {
					v.text, _ = r.json(v)
				}
				if _, have := out.one[name]; !have && !strings.ContainsAny(v.text, "\r\n") {
					out.one[name] = v.text
				}
			}
		case headers && name != "" && count < maxFields:
			count++
			r.text, r.at = strings.TrimSpace(trimmed[r.at:]), 0
			if v, err := r.value(); err == nil && !v.object && !v.list && !v.bare && !strings.ContainsAny(v.text, "\r\n") {
				out.fields += name + ": " + v.text + "\n"
			}
		}
	}
	return out
}

// memberName reads "name:" or "'name':"; it is empty where none stands.
func (r *jsReader) memberName() string {
	name := ""
	if c := r.text[0]; c == '\'' || c == '"' {
		end := strings.IndexByte(r.text[1:], c)
		if end < 0 {
			return ""
		}
		name, r.at = r.text[1:end+1], end+2
	} else {
		for r.at < len(r.text) && (isNameByte(r.text[r.at]) || r.text[r.at] == '-') {
			r.at++
		}
		name = r.text[:r.at]
	}
	if !r.eat(":") {
		return ""
	}
	return name
}
