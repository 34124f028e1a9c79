package capture

import (
	"strconv"
	"strings"
)

// powerShellCommands reads Invoke-WebRequest and Invoke-RestMethod, as browsers
// copy them and as people write them.
func powerShellCommands(text string) (Capture, error) {
	c := Capture{Source: "PowerShell command"}
	r := psReader{text: strings.ReplaceAll(text, "\r\n", "\n"), vars: map[string]psValue{}}
	for r.at < len(r.text) {
		r.blanks()
		if r.at >= len(r.text) {
			break
		}
		if strings.IndexByte("\n;|", r.text[r.at]) >= 0 {
			r.at++
			continue
		}
		start := r.at
		x, ok, err := r.statement()
		if err != nil {
			return Capture{}, err
		}
		if ok {
			if c.Exchanges = append(c.Exchanges, x); len(c.Exchanges) > maxRequests {
				return Capture{}, &SyntaxError{What: "PowerShell command", Problem: "too many requests", Help: "copy only those that matter"}
			}
		}
		if r.at == start {
			r.at++
		}
	}
	if len(c.Exchanges) == 0 && strings.Contains(text, "FullyQualifiedErrorId") {
		return Capture{}, &SyntaxError{What: "PowerShell command", Problem: "this is what PowerShell says about a command that failed", Help: "give the command itself, or what `curl.exe -v` prints"}
	}
	if len(c.Exchanges) == 0 {
		return Capture{}, &SyntaxError{What: "PowerShell command", Problem: "there is no Invoke-WebRequest or Invoke-RestMethod with a URL in it", Help: "copy the whole command, with -Uri"}
	}
	return c, nil
}

// statement reads an assignment or a command.
func (r *psReader) statement() (Exchange, bool, error) {
	if name, ok := r.target(); ok {
		if strings.HasPrefix(strings.ToLower(r.text[r.at:]), "invoke-") {
			return r.call()
		}
		return Exchange{}, false, r.assign(name)
	}
	if r.text[r.at] == '$' {
		return Exchange{}, false, r.member()
	}
	return r.call()
}

func (r *psReader) assign(name string) error {
	if strings.HasPrefix(strings.ToLower(r.text[r.at:]), "new-object") {
		r.vars[name] = psValue{table: true}
		for r.at < len(r.text) && r.text[r.at] != '\n' && r.text[r.at] != ';' {
			r.at++
		}
		return nil
	}
	v, err := r.value()
	if len(r.vars) < maxFields {
		r.vars[name] = v
	}
	return err
}

// member reads $session.UserAgent = ..., $session.Cookies.Add(...),
// $headers.Add("name", "value") and $headers["name"] = ....
func (r *psReader) member() error {
	end := r.at + 1
	for end < len(r.text) && isNameByte(r.text[end]) {
		end++
	}
	name := strings.ToLower(r.text[r.at+1 : end])
	r.at = end
	v, known := r.vars[name]
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || r.text[r.at] == '.') {
		r.at++
	}
	property := strings.ToLower(r.text[end:r.at])
	index := ""
	if strings.HasPrefix(r.text[r.at:], "[") {
		r.at++
		key, err := r.value()
		if err != nil {
			return err
		}
		index = key.text
		r.at += len(r.text[r.at:]) - len(strings.TrimPrefix(r.text[r.at:], "]"))
	}
	r.blanks()
	if r.at >= len(r.text) || !known {
		return nil
	}
	switch {
	case r.text[r.at] == '(' && strings.HasSuffix(property, "cookies.add"):
		arg, err := r.parens()
		if len(arg.cookies) >= 2 && len(v.cookies) < maxFields {
			c := arg.cookies
			v.cookies = append(v.cookies, word{c[0].text + "=" + c[1].text, append(c[0].open, c[1].open...)})
		}
		r.vars[name] = v
		return err
	case r.text[r.at] == '(' && strings.HasSuffix(property, ".add"):
		return r.addPair(name, v)
	case r.text[r.at] == '=':
		r.at++
		r.blanks()
		value, err := r.value()
		if strings.HasSuffix(property, "useragent") {
			v.agent = &value.word
		} else if index != "" && len(v.pairs) < maxFields {
			v.pairs = append(v.pairs, psPair{index, value})
		}
		r.vars[name] = v
		return err
	}
	return nil
}

func (r *psReader) addPair(name string, v psValue) error {
	r.at++
	r.space()
	key, err := r.value()
	if err != nil {
		return err
	}
	r.space()
	r.at += len(r.text[r.at:]) - len(strings.TrimPrefix(r.text[r.at:], ","))
	r.space()
	value, err := r.value()
	r.at += len(r.text[r.at:]) - len(strings.TrimPrefix(r.text[r.at:], ")"))
	if len(v.pairs) < maxFields {
		v.pairs = append(v.pairs, psPair{key.text, value})
	}
	r.vars[name] = v
	return err
}

// call reads a command and its parameters.
func (r *psReader) call() (Exchange, bool, error) {
	name := strings.ToLower(programName(r.bare().text))
	ours := name == "invoke-webrequest" || name == "invoke-restmethod" || name == "iwr" || name == "irm" || name == "curl" || name == "wget"
	params := map[string]psValue{}
	position := 0
	for {
		r.blanks()
		if r.at >= len(r.text) || strings.IndexByte("\n;|", r.text[r.at]) >= 0 {
			break
		}
		start := r.at
		if err := r.parameter(params, &position); err != nil {
			return Exchange{}, false, err
		}
		if r.at == start {
			r.at++
		}
	}
	if uri, ok := params["uri"]; !ok || !ours || uri.text == ":" {
		return Exchange{}, false, nil
	}
	return psExchange(params), true, nil
}

// parameter reads "-Name value", "-Switch" or a value by its position.
func (r *psReader) parameter(params map[string]psValue, position *int) error {
	if r.text[r.at] != '-' {
		v, err := r.value()
		if *position == 0 && v.text != "" {
			params["uri"] = v
			*position = 1
		}
		return err
	}
	r.at++
	start := r.at
	for r.at < len(r.text) && isNameByte(r.text[r.at]) {
		r.at++
	}
	name := psName(strings.ToLower(r.text[start:r.at]))
	switch name {
	case "usebasicparsing", "skipcertificatecheck", "allowunencryptedauthentication", "usedefaultcredentials", "preserveauthorizationonredirect", "verbose":
		if strings.HasPrefix(r.text[r.at:], ":") {
			r.at++
			v, err := r.one()
			if v.text == "false" {
				return err
			}
		}
		params[name] = psValue{}
		return nil
	}
	r.at += len(r.text[r.at:]) - len(strings.TrimPrefix(r.text[r.at:], ":"))
	r.blanks()
	if r.at >= len(r.text) || strings.IndexByte("\n;|", r.text[r.at]) >= 0 {
		return nil
	}
	v, err := r.value()
	params[name] = v
	return err
}

// psName completes the beginning of a parameter's name, as PowerShell does.
func psName(name string) string {
	if name == "h" {
		return "headers" // where curl is an alias
	}
	for _, full := range []string{
		"uri", "method", "headers", "body", "contenttype", "useragent", "websession", "credential", "authentication", "token", "usebasicparsing",
		"skipcertificatecheck", "proxy", "custommethod", "maximumredirection", "usedefaultcredentials", "allowunencryptedauthentication",
		"preserveauthorizationonredirect", "verbose", "infile", "outfile", "timeoutsec",
	} {
		if len(name) >= 3 && strings.HasPrefix(full, name) {
			return full
		}
	}
	return name
}

func psExchange(params map[string]psValue) Exchange {
	get := func(name string) string { return params[name].text }
	u, _, notes := parseURL(get("uri"), "http")
	u.Fragment, u.RawFragment = "", ""
	x := Exchange{Request: Request{Method: strings.ToUpper(get("method")), URL: u}, Notes: notes}
	req := &x.Request
	if custom := get("custommethod"); custom != "" {
		req.Method = custom
	}
	if req.Method == "" {
		req.Method = "GET"
	}
	_, req.Options.Insecure = params["skipcertificatecheck"]
	req.Options.Follow = get("maximumredirection") != "0"
	_, req.Options.FollowTrusted = params["preserveauthorizationonredirect"]
	req.Options.Proxy = get("proxy")
	h := Header{{"Host", hostField(u)}}
	session, headers := params["websession"], params["headers"]
	for _, p := range headers.pairs {
		// Browsers copy the pseudo fields of HTTP/2 without their colon.
		if n := strings.ToLower(p.name); n == "authority" || n == "method" || n == "path" || n == "scheme" {
			continue
		}
		h = append(h, Field{p.name, strings.Trim(p.value.text, " \t")})
		x.Notes = append(x.Notes, openNotes(p.value.word)...)
	}
	if len(headers.open) > 0 {
		req.Incomplete = true
	}
	agent := "PowerShell"
	if session.agent != nil {
		agent = session.agent.text
	}
	if v, ok := params["useragent"]; ok {
		agent = v.text
	}
	if !h.Has("User-Agent") {
		h = append(h, Field{"User-Agent", agent})
	}
	var cookies []string
	for _, c := range session.cookies {
		cookies = append(cookies, c.text)
	}
	if len(cookies) > 0 && !h.Has("Cookie") {
		h = append(h, Field{"Cookie", strings.Join(cookies, "; ")})
	}
	if f, ok := psAuthorization(params); ok && !h.Has("Authorization") {
		h = append(h, f)
	}
	body, hasBody := params["body"]
	if kind := get("contenttype"); kind != "" {
		h = append(h, Field{"Content-Type", kind})
	} else if hasBody && req.Method != "GET" && !h.Has("Content-Type") {
		h = append(h, Field{"Content-Type", "application/x-www-form-urlencoded"})
	}
	if hasBody {
		req.setPSBody(body)
		if req.Method != "GET" {
			h = append(h, Field{"Content-Length", strconv.Itoa(len(req.Body))})
		}
	}
	req.Header = h
	for _, name := range []string{"uri", "body", "token", "headers", "useragent"} {
		x.Notes = append(x.Notes, openNotes(params[name].word)...)
	}
	if v, ok := params["credential"]; ok {
		req.Options.Auth = "anyauth"
		if strings.EqualFold(get("authentication"), "basic") {
			req.Options.Auth = "basic"
		}
		x.Notes = append(x.Notes, Note{NoteVariable, "-Credential", "the name and the password are in " + v.text + ", which is not known here; without -Authentication they are sent only after a challenge"})
		req.Incomplete = true
	}
	return x
}

// setPSBody gives the body; a hashtable becomes a form, or the query of a GET.
func (r *Request) setPSBody(v psValue) {
	text := v.text
	if v.table {
		var pairs []string
		for _, p := range v.pairs {
			pairs = append(pairs, curlEscape(p.name)+"="+curlEscape(p.value.text))
		}
		text = strings.Join(pairs, "&")
		if r.Method == "GET" {
			r.URL.RawQuery = joinQuery(r.URL.RawQuery, text)
			return
		}
	}
	r.Body = []byte(text)
}

// psAuthorization is what -Authentication with -Token gives.
func psAuthorization(params map[string]psValue) (Field, bool) {
	switch strings.ToLower(params["authentication"].text) {
	case "bearer", "oauth":
		return Field{"Authorization", "Bearer " + params["token"].text}, true
	}
	return Field{}, false
}
