package cases

import "github.com/gate401/gate401/reason"

// Case is one case file.
type Case struct {
	Name    string      // of the file
	Code    reason.Code // that the gate must find
	Variant string      // what is special about it; "" for the plain case of the code
	Title   string      // what it shows, in one sentence

	Rules    string    // the parts methods, rules and default of a configuration, YAML
	Requests []Request // sent in this order; the answer to the last one counts
	Response Response
	Log      map[string]string // attributes that the log line of the last request has
}

// Request is one request of a case, with its placeholders.
type Request struct {
	Raw    string // HTTP/1.1, with CRLF line ends, complete with its empty line
	Repeat int    // how often it is sent, at least 1
}

// Response is what the last request is answered.
type Response struct {
	Status     int
	Challenges []string          // the WWW-Authenticate fields: these, in this order, and no others
	Header     map[string]string // canonical names; "*" means present with any value, "-" absent
	Body       map[string]any    // members of the JSON body; nil means absent
}
