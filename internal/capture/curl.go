package capture

import (
	"fmt"
	"strings"
)

// Curl reads a curl command as people have it: from a terminal, from a manual,
// or from "Copy as cURL" of a browser, in the quoting of POSIX shells, cmd.exe
// or PowerShell. The usual forms of HTTPie, "Copy as PowerShell" and "Copy as fetch" are read too. Several
// commands give several exchanges. What curl sends by itself is added.
func Curl(text string) (Capture, error) {
	if len(text) > MaxText {
		return Capture{}, &SizeError{What: "command", Max: MaxText}
	}
	text = string(UTF8([]byte(text)))
	text = unfenced(text)
	shell := detect(text) // also by its prompt
	text = unprompt(text)
	if text == "" {
		return Capture{}, ErrEmpty
	}
	if shell == powerShell {
		if web := plainPower(text, true); callsWeb(web) {
			return powerShellCommands(web)
		}
	}
	var statements []statement
	var err error
	c := Capture{Source: "curl command"}
	text, c.Misprint = mend(shell, text)
	switch shell {
	case javaScript:
		calls, err := fetchCalls(text)
		calls.Misprint = c.Misprint
		return calls, err
	case cmdExe:
		c.Source = "curl command (cmd.exe)"
		statements = splitCmd(text)
	case powerShell:
		c.Source = "curl command (PowerShell)"
		statements, err = splitPower(plainPower(text, false))
	case posix:
		statements, err = splitPosix(text)
	}
	if err != nil {
		return Capture{}, err
	}
	c.Notes = splitNotes(shell, statements)
	for _, s := range statements {
		name, args := s.program()
		var exchanges []Exchange
		var notes []Note
		switch {
		case curlProgram(name):
			exchanges, notes, err = curlCommand(s, args)
		case httpieProgram(name):
			c.Source = "HTTPie command"
			exchanges, err = httpieCommand(s, name, args)
		default:
			continue
		}
		if err != nil {
			return Capture{}, err
		}
		c.Notes = append(c.Notes, notes...)
		if c.Exchanges = append(c.Exchanges, exchanges...); len(c.Exchanges) > maxRequests {
			return Capture{}, &SyntaxError{What: "curl command", Problem: fmt.Sprintf("more than %d requests", maxRequests), Help: "copy only those that matter"}
		}
	}
	if len(c.Exchanges) == 0 {
		return Capture{}, noCurl(statements)
	}
	return c, nil
}

// callsWeb tells PowerShell's own commands from calls of curl.exe.
func callsWeb(text string) bool {
	lower := strings.ToLower(text)
	first := strings.ToLower(firstWord(text))
	if strings.Contains(lower, "invoke-webrequest") || strings.Contains(lower, "invoke-restmethod") || strings.Contains(lower, "-uri") ||
		first == "iwr" || first == "irm" || first == "curl" && (strings.Contains(lower, "-h @{") || strings.Contains(lower, "-headers @{")) {
		return true
	}
	for line := range strings.Lines(lower) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word == "iwr" || word == "irm" {
			return true
		}
	}
	return false
}

// CurlArgs reads a curl command that a shell has taken apart already; the first
// argument is curl.
func CurlArgs(args []string) (Capture, error) {
	size := 0
	for _, arg := range args {
		if size += len(arg); size > MaxText {
			return Capture{}, &SizeError{What: "command", Max: MaxText}
		}
	}
	args, wrong := mendArgs(args)
	s := statement{}
	for _, arg := range args {
		s.words = append(s.words, word{text: arg})
	}
	name, rest := s.program()
	c := Capture{Source: "curl command", Misprint: wrong}
	var err error
	if httpieProgram(name) {
		c.Source = "HTTPie command"
		c.Exchanges, err = httpieCommand(s, name, rest)
		return c, err
	}
	if !curlProgram(name) {
		return Capture{}, noCurl(nil)
	}
	if c.Exchanges, c.Notes, err = curlCommand(s, rest); err != nil {
		return Capture{}, err
	}
	if len(c.Exchanges) == 0 {
		return Capture{}, noCurl([]statement{s})
	}
	return c, nil
}

func curlProgram(name string) bool {
	return strings.EqualFold(name, "curl") || strings.EqualFold(name, "curl.exe")
}

func noCurl(statements []statement) error {
	for _, s := range statements {
		if name, _ := s.program(); curlProgram(name) {
			return &SyntaxError{What: "curl command", Problem: "it names no URL", Help: "the URL may have been lost at a line break without a backslash"}
		}
	}
	return &SyntaxError{What: "curl command", Problem: "no curl is called in it", Help: "it should begin with curl, http, https, Invoke-WebRequest or fetch("}
}

// What notes say about a command that a shell reads otherwise than it looks.
const (
	EndedByAnd   = "the & in the URL ends the command for a shell: what stands behind it is not for curl any more"
	SingleQuotes = "single quotes are no quotes for cmd.exe: it takes them for a part of the words, and cuts at the spaces between them"
)

// curlCommand reads the arguments of one curl.
func curlCommand(s statement, args []word) ([]Exchange, []Note, error) {
	table := newCurlTable()
	var out []Exchange
	var notes []Note
	job := newCurlJob(s)
	finish := func() error {
		if len(out)+len(job.urls) > maxRequests {
			return &SyntaxError{What: "curl command", Problem: fmt.Sprintf("more than %d requests", maxRequests), Help: "copy only those that matter"}
		}
		out = append(out, job.exchanges()...)
		job = newCurlJob(s)
		return nil
	}
	options := true
	for i := 0; i < len(args); i++ {
		w := args[i]
		text := w.text
		// take is the value of an option: what is attached, or the next argument.
		take := func(attached string) (word, bool) {
			if attached != "" {
				return word{attached, w.open}, true
			}
			if i+1 < len(args) {
				i++
				return args[i], true
			}
			return word{}, false
		}
		switch {
		case text == "--" && options:
			options = false
		case strings.HasPrefix(text, "--") && options:
			name := text[2:]
			o, ok := table.long(name)
			value := ""
			if !ok {
				bare, after, equals := strings.Cut(name, "=")
				if known, is := table.long(bare); equals && is {
					notes = append(notes, Note{NoteUnknown, "--" + bare + "=", "curl knows no --option=value: the value is the next argument, --" + known.name + " VALUE"})
					o, ok, value = known, true, after
				}
			}
			if !ok {
				notes = append(notes, unknownOption(table, text))
				continue
			}
			if err := job.apply(o, func() (word, bool) { return take(value) }); err != nil {
				return nil, nil, err
			}
			if o.name == "next" {
				if err := finish(); err != nil {
					return nil, nil, err
				}
			}
		case len(text) > 1 && text[0] == '-' && options:
			more, err := job.letters(table, text[1:], take)
			if err != nil {
				return nil, nil, err
			}
			notes = append(notes, more...)
		default:
			job.urls = append(job.urls, w)
		}
		if len(notes) > maxFields {
			return nil, nil, &SyntaxError{What: "curl command", Problem: "too many unknown options"}
		}
	}
	if err := finish(); err != nil {
		return nil, nil, err
	}
	return out, notes, nil
}

// letters reads options of one letter, which may stand together: -sSLu a:b.
func (j *curlJob) letters(table *curlTable, letters string, take func(string) (word, bool)) ([]Note, error) {
	for k := 0; k < len(letters); k++ {
		o, ok := table.letters[letters[k]]
		if !ok {
			return []Note{{NoteUnknown, "-" + strings.ToValidUTF8(letters[k:k+1], "?"), "curl has no such option"}}, nil
		}
		attached := letters[k+1:]
		if err := j.apply(o, func() (word, bool) { return take(attached) }); err != nil {
			return nil, err
		}
		if o.valued {
			return nil, nil
		}
	}
	return nil, nil
}

func unknownOption(table *curlTable, text string) Note {
	// A token may have been glued to it.
	name, _, _ := strings.Cut(strings.TrimLeft(text, "-"), "=")
	if len(name) > 40 {
		name = name[:40]
	}
	name = strings.ToValidUTF8(name, "?")
	note := Note{NoteUnknown, "--" + name, "curl has no such option"}
	if meant := table.meant(name); meant != "" {
		note.Text += "; did you mean --" + meant + "?"
	}
	return note
}

// splitNotes finds commands that the shell takes apart where nobody meant it to.
func splitNotes(shell dialect, statements []statement) []Note {
	url := false // the curl before ended with a query
	for _, s := range statements {
		name, args := s.program()
		switch {
		case shell == cmdExe && curlProgram(name):
			for _, w := range args {
				if strings.HasPrefix(w.text, "'") {
					return []Note{{NoteMalformed, "quotes", SingleQuotes}}
				}
			}
		case shell == posix && curlProgram(name):
			url = len(args) > 0 && strings.Contains(args[len(args)-1].text, "?")
		case shell == posix && url && !s.glued:
			url = false
		case shell == posix && url:
			for _, w := range s.words {
				if strings.HasPrefix(w.text, "-") {
					return []Note{{NoteMalformed, "&", EndedByAnd}}
				}
			}
		}
	}
	return nil
}
