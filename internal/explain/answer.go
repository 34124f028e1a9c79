package explain

import (
	"fmt"
	"slices"
	"strings"
)

// Answer is what a gate answers in place of the API behind it. Nobody is refused
// by it, so that it is no reason of the catalogue.
type Answer struct {
	Code     string `json:"code"`
	Status   int    `json:"status"`
	Title    string `json:"title"`
	Explain  string `json:"explain"`
	Caller   string `json:"fix_caller"`
	Operator string `json:"fix_operator"`
}

const (
	again  = "Keep the credentials and send the same request again later."
	theirs = "Keep the credentials. Sending the request again does not help before the operator has corrected it."
)

// Answers are all of them, in the order of their codes.
func Answers() []Answer {
	return []Answer{
		{"body-too-large", 413, "The request is too large", "The body has more octets than the gate passes on.",
			"Send less.", "The limit is `max_body` of the upstream or of `gate`."},
		{"upstream-answer-too-large", 502, "The answer of the API is too large", "The header fields of the API's answer have more than 1 MiB.",
			theirs, "Look at what the API sends, above all at cookies that grow."},
		{"upstream-busy", 503, "The API is busy", "As many requests are under way at the API as `max_requests` of its upstream allows, and none ended within 5 seconds.",
			again, "Add servers, or raise `max_requests`. `/api/upstreams` of the admin listener shows how many are under way."},
		{"upstream-connection-lost", 502, "The API broke off", "The API ended the connection before it answered. Whether it did what was asked is not known.",
			"Keep the credentials. Send the request again only if doing it twice does no harm.", "Look into the log of the API: it crashed, or it closes idle connections before the gate does, which is after four seconds."},
		{"upstream-down", 503, "The API is down", "Every server of the upstream failed its health check, and none was reached.",
			again, "`/api/upstreams` of the admin listener shows each server, and why it is out."},
		{"upstream-name-unknown", 502, "The API has no address", "The name of the upstream's server is not known to DNS.",
			theirs, "Look for a typing error in `urls` of the upstream (or in `gate.upstream`), and ask the DNS that this machine uses."},
		{"upstream-protocol-error", 502, "The API did not answer in HTTP", "What came from the API is not HTTP, or contradicts itself.",
			theirs, "Something else listens on that port, or it speaks another version: `h2c://` where `http://` is meant, or the other way round."},
		{"upstream-timeout", 504, "The API did not answer in time", "There was no connection within 5 seconds, or no answer within `timeout` of the upstream.",
			again, "Look why the API is slow. A longer `timeout` helps only where the answer is worth waiting for."},
		{"upstream-tls-failed", 502, "The API cannot be trusted", "The API's certificate, its name or its version of TLS is not one that the gate accepts.",
			theirs, "See `tls.ca_file` and `tls.server_name` of the upstream. If the API speaks no TLS, its URL begins with `http://`."},
		{"upstream-unreachable", 502, "The API cannot be reached", "Nobody accepts connections at the address of the upstream.",
			again, "Look whether the API is running, and listens where `urls` of the upstream (or `gate.upstream`) says."},
	}
}

// LookupAnswer finds one by its code, in small letters.
func LookupAnswer(code string) (Answer, bool) {
	all := Answers()
	i := slices.IndexFunc(all, func(a Answer) bool { return a.Code == code })
	if i < 0 {
		return Answer{}, false
	}
	return all[i], true
}

// Text is for a reader.
func (a Answer) Text(s Style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", s.Bold(a.Code), s.Faint(fmt.Sprintf("%d, an answer of the gate in place of the API", a.Status)))
	b.WriteString(s.Wrap("", a.Title+". "+a.Explain))
	b.WriteString("\n" + s.Wrap("", "Nobody was refused: who was asking was not the question, so that this is no reason of the catalogue, and there is no trace of it."))
	for _, fix := range [...][2]string{{"The developer of the client", a.Caller}, {"The operator of the gate", a.Operator}} {
		b.WriteString("\n" + s.Bold(fix[0]) + "\n" + s.Wrap("  ", fix[1]))
	}
	if strings.HasPrefix(a.Code, "upstream-") {
		b.WriteString(s.Wrap("  ", "The log has a line `upstream failed` with the id of the request, the server that was asked, and the error in full."))
	}
	return b.String()
}
