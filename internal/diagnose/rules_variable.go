package diagnose

import (
	"fmt"
	"strings"
)

// checkVariable looks where credentials stand, and in the URL. A name that was
// sent outweighs one that is filled in.
func checkVariable(s *scene) *hit {
	if !s.walk() && s.status != 404 {
		return nil
	}
	var perhaps *hit
	for _, p := range s.places() {
		open, end := s.unfilled(p.value)
		if open >= 0 && perhaps == nil {
			perhaps = s.whether(p.value[open:end], s.inField("request", p.name, p.value, open, end-open))
		}
		if p.name == userOption {
			continue
		}
		from, to := findVariable(p.value)
		if from < 0 || open >= 0 && from < end {
			continue
		}
		name := p.value[from:to]
		command := s.curl(s.credentialArgument())
		if p.name == s.key.name {
			command = s.curl(s.keyArgument())
		}
		return &hit{
			sure: Certain, expected: "the value of the variable", actual: name,
			note: fmt.Sprintf("The request was sent with %s, the name of a variable, where its value belongs.", q(name)),
			at:   []Evidence{s.inField("request", p.name, p.value, from, to-from)},
			fix:  Fix{Text: "Give the variable a value before the request is made. " + variableHint(name), Command: command},
		}
	}
	if perhaps == nil {
		perhaps = s.inAddress()
	}
	return perhaps
}

// places are where credentials stand.
func (s *scene) places() []place {
	var out []place
	if user := s.req.Options.User; user != "" && !s.x.Live {
		out = append(out, place{userOption, user, true})
	}
	if s.auth.ok {
		out = append(out, s.auth)
	}
	if s.key.ok {
		out = append(out, s.key)
	}
	for _, v := range s.req.Header.Values("Cookie") {
		out = append(out, place{"Cookie", v, true})
	}
	return out
}

// findVariable finds {{name}}, ${NAME}, $NAME, %NAME% and <name>.
func findVariable(v string) (from, to int) {
	for _, pair := range [...][2]string{{"{{", "}}"}, {"${", "}"}, {"<", ">"}} {
		i := strings.Index(v, pair[0])
		if i < 0 {
			continue
		}
		j := strings.Index(v[i:], pair[1])
		if j < 0 || j > 60 {
			continue
		}
		if j += i + len(pair[1]); placeholder(v[i:j]) && !looksLikeJWT(v[i+1:j]) {
			return i, j
		}
	}
	for at := 0; at < len(v); {
		end := at
		for end < len(v) && v[end] != ' ' {
			end++
		}
		if word := v[at:end]; placeholder(word) && (word[0] == '$' || word[0] == '%') {
			return at, end
		}
		at = end + 1
	}
	return -1, -1
}

func variableHint(name string) string {
	switch {
	case strings.HasPrefix(name, "{{"):
		return "In Postman, Bruno or Insomnia: choose the environment that has it, and look at its current value."
	case strings.HasPrefix(name, "$"):
		return "In a shell, single quotes keep it as it is: use double quotes."
	case strings.HasPrefix(name, "%"):
		return "%NAME% is filled in by cmd.exe alone, not by PowerShell or a POSIX shell."
	}
	return "It is an example from a documentation: put the token in its place, without the brackets."
}

func checkScriptValue(s *scene) *hit {
	if !s.walk() {
		return nil
	}
	for _, p := range s.places() {
		if from, _ := s.unfilled(p.value); p.name == "Cookie" || p.name == userOption || from >= 0 {
			continue
		}
		at := 0
		if p.name == s.auth.name {
			if scheme, rest, ok := strings.Cut(p.value, " "); ok && knownScheme(scheme) {
				at = len(p.value) - len(rest)
			}
		}
		word := strings.TrimSpace(p.value[at:])
		hint := ""
		switch strings.Trim(word, `"'`) {
		case "undefined":
			hint = "JavaScript writes undefined for a variable or property that was never set: the token was not loaded yet, or its name is misspelt (token or access_token?)."
		case "null":
			hint = "JavaScript writes null for what is not there: the storage has no token under that name, so nobody is logged in."
		case "[object Object]":
			hint = "JavaScript writes [object Object] for an object: send the text in it, such as response.access_token."
		case "[object Promise]":
			hint = "An await is missing before the call that gets the token."
		case "None", "nil", "NaN":
			hint = "The program had no value and wrote that down in its place."
		case "token", "your_token", "your-token", "YOUR_TOKEN", "access_token", "YOUR_ACCESS_TOKEN", "xxx":
			hint = "It is the word of an example: put the token in its place."
		default:
			if strings.HasSuffix(word, "...") && len(word) < 40 && strings.Count(word, " ") == 0 {
				return &hit{
					sure: Possible, expected: "a token", actual: octets(len(word)) + ", with dots at the end",
					note: "The credential ends with dots, as in an example or in a copy that was shortened. If it was sent so, it is no token; if it was shortened for this report, the rest is needed to look at it.",
					at:   []Evidence{s.inField("request", p.name, p.value, at+len(word)-3, 3)},
					fix:  Fix{Text: "Send the whole token.", Command: s.curl(s.credentialArgument())},
				}
			}
			continue
		}
		return &hit{
			sure: Certain, expected: "a token", actual: word,
			note: fmt.Sprintf("The word %s was sent where the credential belongs. %s", q(word), hint),
			at:   []Evidence{s.inField("request", p.name, p.value, at, len(word))},
			fix:  Fix{Text: "Log in first, and send the request only when there is a token.", Command: s.curl(s.credentialArgument())},
		}
	}
	return nil
}
