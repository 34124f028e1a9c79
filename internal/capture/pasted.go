package capture

import (
	"net/url"
	"regexp"
	"strings"
)

// printed is the first line of what a command prints about its exchange: an
// answer with its fields, or the talk of curl -v.
var printed = regexp.MustCompile(`^(HTTP/[0-9](\.[0-9])? [0-9]{3}( |$)|[<>] [A-Z]+[ /]|\* |  % Total )`)

// Pasted reads a command and what it printed below it, as a terminal shows both.
// Without such lines, or where they cannot be read, it is Curl.
func Pasted(text string) (Capture, error) {
	whole, err := Curl(text)
	command, output := splitPasted(text)
	if output == "" {
		return whole, err
	}
	c, commandErr := Curl(command)
	if commandErr != nil || len(c.Exchanges) != 1 {
		return whole, err
	}
	p, outputErr := Raw(output)
	if outputErr != nil {
		return whole, err
	}
	for _, x := range p.Exchanges {
		if !x.Request.Incomplete {
			// It tells the requests too, as they were sent.
			return p, nil
		}
	}
	first := p.Exchanges[0]
	c.Source += " with its answer"
	c.Exchanges[0].Response = first.Response
	c.Exchanges[0].Notes = append(c.Exchanges[0].Notes, first.Notes...)
	for _, x := range p.Exchanges[1:] {
		before := c.Exchanges[len(c.Exchanges)-1]
		x.Request.URL = led(before)
		if m := before.Request.Method; m == "GET" || m == "HEAD" {
			x.Request.Method = m // of others it depends on the status and the client
		}
		c.Exchanges = append(c.Exchanges, x)
	}
	return c, nil
}

// led is where an answer leads who follows it; an empty URL if nowhere.
func led(x Exchange) *url.URL {
	if r := x.Response; r != nil && r.Status/100 == 3 && r.Header.Has("Location") {
		if to, err := url.Parse(r.Header.Get("Location")); err == nil {
			return x.Request.URL.ResolveReference(to)
		}
	}
	return &url.URL{}
}

// splitPasted cuts a text before the first line that a command prints.
func splitPasted(text string) (command, output string) {
	if len(text) > MaxText {
		return text, ""
	}
	text = uncolored(string(UTF8([]byte(text))))
	at := 0
	for line := range strings.Lines(text) {
		if printed.MatchString(strings.TrimRight(line, "\r\n")) && strings.TrimSpace(text[:at]) != "" {
			return text[:at], text[at:]
		}
		at += len(line)
	}
	return text, ""
}
