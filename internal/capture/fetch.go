package capture

import (
	"strconv"
	"strings"
)

// fetchCalls reads calls of fetch(): "Copy as fetch" of a browser, for the
// browser or for Node.js, and what people write themselves.
func fetchCalls(text string) (Capture, error) {
	c := Capture{Source: "fetch call"}
	r := jsReader{text: text, vars: map[string]jsValue{}}
	r.constants()
	for {
		i := strings.Index(r.text[r.at:], "fetch(")
		if i < 0 {
			break
		}
		r.at += i + len("fetch(")
		x, err := r.call()
		if err != nil {
			return Capture{}, err
		}
		if c.Exchanges = append(c.Exchanges, x); len(c.Exchanges) > maxRequests {
			return Capture{}, &SyntaxError{What: "fetch call", Problem: "too many requests", Help: "copy only those that matter"}
		}
	}
	if len(c.Exchanges) == 0 {
		return Capture{}, &SyntaxError{What: "fetch call", Problem: "there is no fetch(...) in it"}
	}
	return c, nil
}

// maxConstants bounds the tries to read one: most are no literals.
const maxConstants = 200

// constants reads "const token = 'x'" before the calls.
func (r *jsReader) constants() {
	tries := 0
	for _, keyword := range []string{"const ", "let ", "var "} {
		for rest := r.text; tries < maxConstants; tries++ {
			_, after, ok := strings.Cut(rest, keyword)
			if !ok {
				break
			}
			rest = after
			name, value, ok := strings.Cut(after[:min(len(after), 64<<10)], "=")
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if !ok || !isIdentifier(name) || value == "" || strings.IndexByte("\"'`{", value[0]) < 0 {
				continue
			}
			inner := jsReader{text: value, vars: r.vars}
			if v, err := inner.value(); err == nil {
				r.vars[name] = v
			}
		}
	}
}

func (r *jsReader) call() (Exchange, error) {
	target, err := r.value()
	if err != nil {
		return Exchange{}, err
	}
	var init jsValue
	if r.eat(",") {
		if r.space(); !strings.HasPrefix(r.text[r.at:], ")") {
			if init, err = r.value(); err != nil {
				return Exchange{}, err
			}
		}
	}
	return fetchExchange(target, init), nil
}

func fetchExchange(target, init jsValue) Exchange {
	u, user, notes := parseURL(target.text, "https")
	u.Fragment, u.RawFragment = "", ""
	str := func(name string) string {
		v, _ := init.get(name)
		if v.bare && (v.text == "null" || v.text == "undefined") {
			return ""
		}
		return v.text
	}
	x := Exchange{Request: Request{Method: fetchMethod(str("method")), URL: u, Incomplete: true}, Notes: append(openNotes(target.word), notes...)}
	if user != "" {
		x.Notes = append(x.Notes, Note{NoteError, "URL", "fetch() refuses a URL with a name or a password in it"})
	}
	req := &x.Request
	req.Options = Options{Follow: str("redirect") != "manual", Mode: str("mode"), Credentials: str("credentials")}
	headers, _ := init.get("headers")
	var h Header
	for _, p := range headers.pairs {
		h = append(h, Field{p.name, strings.Trim(p.value.text, " \t")})
		x.Notes = append(x.Notes, openNotes(p.value.word)...)
		// Node.js sends what a browser keeps to itself: then nothing is missing.
		if strings.EqualFold(p.name, "cookie") {
			req.Incomplete = false
		}
	}
	x.Notes = append(x.Notes, openNotes(headers.word)...)
	if v, ok := init.get("body"); ok && str("body") != "" || v.object {
		if v.object {
			v.text = "[object Object]" // fetch makes a string of it, see the HTML Standard's BodyInit
		}
		req.Body = []byte(v.text)
		x.Notes = append(x.Notes, openNotes(v.word)...)
		if !h.Has("Content-Type") {
			h = append(h, Field{"Content-Type", "text/plain;charset=UTF-8"})
		}
		h = append(h, Field{"Content-Length", strconv.Itoa(len(req.Body))})
	}
	if referrer := str("referrer"); referrer != "" && !h.Has("Referer") {
		h = append(h, Field{"Referer", referrer})
	}
	req.Header = h
	return x
}

// fetchMethod normalises as the Fetch Standard does: only these become upper
// case, so that "patch" stays as it is.
func fetchMethod(m string) string {
	switch upper := strings.ToUpper(m); upper {
	case "":
		return "GET"
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return upper
	}
	return m
}
