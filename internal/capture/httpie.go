package capture

import (
	"encoding/json"
	"fmt"
	"strings"
)

// httpieProgram tells the commands of HTTPie, and of xh, which takes the same.
func httpieProgram(name string) bool {
	switch strings.ToLower(name) {
	case "http", "https", "xh", "xhs":
		return true
	}
	return false
}

// The options of HTTPie that take a value.
const httpieValued = " -a --auth -A --auth-type -p --print -o --output -s --style --session --session-read-only --proxy --timeout " +
	"--verify --cert --cert-key --max-redirects --pretty --raw --boundary --ssl --default-scheme --max-headers --response-charset --response-mime "

// httpieJob is what the arguments of one HTTPie command add up to.
type httpieJob struct {
	job      *curlJob
	auth     word
	kind     string
	isForm   bool
	members  []string // of a JSON body
	pairs    []string // of a form
	query    []string
	scheme   string
	explicit bool // there is a method
}

// httpieCommand reads HTTPie's [METHOD] URL [ITEM...], with the usual options.
func httpieCommand(s statement, name string, args []word) ([]Exchange, error) {
	h := httpieJob{job: newCurlJob(s), scheme: "http", kind: "basic"}
	if strings.HasSuffix(strings.ToLower(name), "s") {
		h.scheme = "https"
	}
	var rest []word
	for i := 0; i < len(args); i++ {
		w := args[i]
		name, value, attached := strings.Cut(w.text, "=")
		switch {
		case !strings.HasPrefix(w.text, "-") || len(w.text) < 2:
			rest = append(rest, w)
			continue
		case strings.HasPrefix(w.text, "--") && attached:
			w = word{value, w.open}
		case strings.Contains(httpieValued, " "+w.text+" ") && i+1 < len(args):
			name = w.text
			i++
			w = args[i]
		case len(w.text) > 2 && w.text[1] != '-' && strings.Contains(" -a -A ", " "+w.text[:2]+" "):
			name, w = w.text[:2], word{w.text[2:], w.open}
		default:
			name = w.text
		}
		h.option(name, w)
	}
	if len(rest) > 1 && isWord(rest[0].text) && !strings.EqualFold(rest[0].text, "localhost") {
		h.job.method, h.explicit = strings.ToUpper(rest[0].text), true
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return nil, &SyntaxError{What: "HTTPie command", Problem: "it names no URL", Help: "the forms that are read: http [METHOD] URL [Name:Value] [name=value] [name==value] [-a USER:PASSWORD] [-A basic|digest|bearer]"}
	}
	if len(rest) > maxFields {
		return nil, &SyntaxError{What: "HTTPie command", Problem: fmt.Sprintf("more than %d items", maxFields)}
	}
	target := rest[0]
	for _, w := range rest[1:] {
		h.item(w)
	}
	return h.exchanges(target), nil
}

func isWord(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (h *httpieJob) option(name string, w word) {
	switch name {
	case "-a", "--auth":
		h.auth = w
	case "-A", "--auth-type":
		h.kind = strings.ToLower(w.text)
	case "-f", "--form":
		h.isForm = true
	case "-F", "--follow":
		h.job.options.Follow = true
	case "--verify":
		h.job.options.Insecure = w.text == "no" || w.text == "false"
	case "--default-scheme":
		h.scheme = strings.ToLower(w.text)
	case "--raw":
		h.job.words = append(h.job.words, w)
		h.job.add(w.text)
	case "--session", "--session-read-only":
		h.job.partial = true
		h.job.note(NoteIgnored, name, "fields and cookies of a session are not read here")
	}
}

// item reads one request item: the separator that comes first decides.
func (h *httpieJob) item(w word) {
	h.job.words = append(h.job.words, w)
	at, sep := -1, ""
	for _, s := range [...]string{":=@", "=@", "==", ":=", "=", "@", ":"} {
		if i := strings.Index(w.text, s); i > 0 && (at < 0 || i < at || i == at && len(s) > len(sep)) {
			at, sep = i, s
		}
	}
	if at < 0 {
		about := "an item"
		if name := strings.TrimSuffix(strings.TrimSuffix(w.text, ";"), ":"); knownField(name) {
			about = name
		}
		if strings.HasSuffix(w.text, ";") {
			h.job.headers = append(h.job.headers, w.text)
			return
		}
		h.job.note(NoteMalformed, about, "HTTPie reads Name:Value, name=value and name==value; this is none of them")
		return
	}
	name, value := w.text[:at], w.text[at+len(sep):]
	switch sep {
	case ":":
		h.job.headers = append(h.job.headers, name+": "+value)
	case "==":
		h.query = append(h.query, curlEscape(name)+"="+curlEscape(value))
	case "=":
		h.pairs = append(h.pairs, curlEscape(name)+"="+curlEscape(value))
		h.members = append(h.members, quoteJSON(name)+": "+quoteJSON(value))
	case ":=":
		if json.Valid([]byte(value)) {
			h.members = append(h.members, quoteJSON(name)+": "+value)
			h.pairs = append(h.pairs, curlEscape(name)+"="+curlEscape(value))
		} else {
			h.job.note(NoteMalformed, name+":=", "behind := HTTPie wants JSON")
		}
	default:
		h.job.hasData = true
		h.job.note(NoteIgnored, name+sep, "the content of the file is not read here, so the body is not known")
	}
}

func quoteJSON(s string) string {
	out, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(out)
}

func (h *httpieJob) exchanges(target word) []Exchange {
	j := h.job
	j.agent, j.hasAgent, j.globOff, j.scheme = "HTTPie", true, true, h.scheme
	// :3000/orders is this machine (HTTPie's shorthand).
	if rest, ok := strings.CutPrefix(target.text, ":"); ok {
		if rest != "" && isDigit(rest[0]) {
			rest = ":" + rest
		}
		target.text = "localhost" + rest
	}
	switch {
	case h.isForm && len(h.pairs) > 0:
		j.add(strings.Join(h.pairs, "&"))
	case len(h.members) > 0:
		j.data, j.hasData, j.json = []byte("{"+strings.Join(h.members, ", ")+"}"), true, true
	}
	if !h.explicit && j.hasData {
		j.method = "POST"
	}
	j.query = append(j.query, h.query...)
	switch user := h.auth.text; {
	case user == "":
	case h.kind == "bearer":
		j.bearer = user
	case h.kind == "digest":
		j.options.User, j.auth = user, []string{"digest"}
	default:
		j.options.User = user
	}
	j.userOpen = len(h.auth.open) > 0
	j.words = append(j.words, h.auth)
	j.urls = []word{target}
	return j.exchanges()
}
