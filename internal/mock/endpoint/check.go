package endpoint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Bounds of one Endpoint.
const (
	maxAnswers    = 100
	maxConditions = 20
	maxHeaders    = 100
	maxField      = 64 << 10
	// MaxBody is the longest body of an answer.
	MaxBody = 1 << 20
)

// made is an endpoint ready to serve. It does not change but for its counters,
// which its Set keeps.
type made struct {
	Endpoint
	pattern pattern
	answers []Answer
	order   order
	size    int
	number  uint64 // of its making: the newer one wins where nothing else decides
}

// Check tells all that is wrong with an Endpoint, as Errors.
func (e Endpoint) Check() error {
	_, err := build(e)
	return err
}

// checker collects faults of one endpoint by their keys.
type checker struct{ errors Errors }

func (c *checker) add(path string, err error) {
	if err == nil || len(c.errors) >= maxErrors {
		return
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // made by fail, a line above
		at := *e
		at.Path = path
		c.errors = append(c.errors, &at)
		return
	}
	c.errors = append(c.errors, &Error{Path: path, Message: err.Error()})
}

// build checks an endpoint and makes it ready. The error is Errors.
func build(e Endpoint) (*made, error) {
	c := &checker{}
	m := &made{Endpoint: e}
	m.Method = strings.ToUpper(e.Method)
	var err error
	m.pattern, err = parsePattern(e.Path)
	c.add("path", err)
	if e.ID != "" && !isID(e.ID) {
		c.add("id", fail("lower-case letters, digits and hyphens, at most 64", "%s cannot be an id", quote(e.ID)))
	}
	if e.Session != "" && !IsSession(e.Session) {
		c.add("session", fail("letters, digits, - and _, at most 64", "%s cannot be the id of a session", quote(e.Session)))
	}
	if m.Method != "" && !isToken(m.Method) {
		c.add("method", fail("one method, such as GET; leave it out for all", "%s is no method", quote(e.Method)))
	}
	if len(e.Match) > maxConditions {
		c.add("match", fail("", "there are more than %d conditions", maxConditions))
	}
	for i := range e.Match {
		_, err := ParseCondition(e.Match[i].String())
		c.add(fmt.Sprintf("match[%d]", i), err)
	}
	m.checkAnswers(c)
	m.checkOrder(c)
	if len(c.errors) > 0 {
		return nil, c.errors
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, Errors{{Message: err.Error()}}
	}
	m.size = len(b)
	return m, nil
}

func (m *made) checkAnswers(c *checker) {
	if len(m.Answers) > maxAnswers {
		c.add("answers", fail("", "there are more than %d answers", maxAnswers))
		return
	}
	for i := range m.Answers {
		a := &m.Answers[i]
		at := fmt.Sprintf("answers[%d].", i)
		if a.Name != "" && (!isID(a.Name) || strings.Trim(a.Name, "0123456789") == "") {
			c.add(at+"name", fail("lower-case letters, digits and hyphens, and not only digits", "%s cannot be a name", quote(a.Name)))
		}
		if a.Name != "" && slices.ContainsFunc(m.Answers[:i], func(b Answer) bool { return b.Name == a.Name }) {
			c.add(at+"name", fail("", "there is another answer called %s", a.Name))
		}
		if a.Status != 0 {
			c.add(at+"status", checkStatus(a.Status))
		}
		a.check(c, at)
	}
}

// noBody tells whether answers with the status have no body (RFC 9110 section
// 6.4.1).
func noBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusResetContent
}

func (a *Answer) check(c *checker, at string) {
	if a.Reason != "" {
		if info, ok := reason.Lookup(a.Reason); !ok {
			var words []string
			for _, info := range reason.All() {
				words = append(words, string(info.Code))
			}
			c.add(at+"reason", fail(suggest(string(a.Reason), words, "gate401 reasons lists them"), "unknown reason %s", quote(string(a.Reason))))
		} else if shown := a.Reason.Shown(); a.Status != 0 && a.Status != shown.Status {
			c.add(at+"status", fail("leave one of them out", "the status of %s is %d", info.Code, shown.Status))
		}
	}
	checkHeaders(c, at, a.Headers)
	a.checkChallenges(c, at)
	switch {
	case a.Body != "" && a.JSON != nil:
		c.add(at+"body", fail("leave one of them out", "there are body and json"))
	case (a.Body != "" || a.JSON != nil) && noBody(a.status()):
		c.add(at+"body", fail("", "an answer with status %d has no body", a.status()))
	case len(a.Body) > MaxBody || len(a.JSON) > MaxBody:
		c.add(at+"body", fail("", "the body is longer than %d octets", MaxBody))
	case a.JSON != nil && !json.Valid(a.JSON):
		c.add(at+"json", fail("", "this is no JSON"))
	}
	for name, d := range map[string]Duration{"delay": a.Delay, "over": a.Over} {
		if d < 0 || d > Duration(MaxDelay) {
			c.add(at+name, fail("", "%s is not between 0 and %s", d, MaxDelay))
		}
	}
	if a.Fault != "" {
		_, err := parseFault(string(a.Fault))
		c.add(at+"fault", err)
	}
	if a.Over > 0 && a.Fault != "" && a.Fault != FaultSlow {
		c.add(at+"over", fail("", "an answer with the fault %s does not take its time", a.Fault))
	}
}

// counted are the fields that a server writes by itself.
var counted = []string{"Content-Length", "Transfer-Encoding", "Trailer", "Upgrade"}

func checkHeaders(c *checker, at string, headers map[string]Values) {
	if len(headers) > maxHeaders {
		c.add(at+"headers", fail("", "there are more than %d fields", maxHeaders))
		return
	}
	seen := map[string]bool{}
	for name, values := range headers {
		key := at + "headers." + name
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !isToken(name):
			c.add(at+"headers", fail("", "%s is no name of a field", quote(name)))
		case slices.Contains(counted, canonical):
			c.add(key, fail("for an answer that is cut off there is the fault truncate", "%s is the server's to write", canonical))
		case seen[canonical]:
			c.add(key, fail("give a list of values", "the field is there twice"))
		case len(values) == 0:
			c.add(key, fail("", "the field has no value"))
		}
		seen[canonical] = true
		for _, v := range values {
			if !isFieldValue(v) {
				c.add(key, fail("", "the value has a control character, or is longer than %d octets", maxField))
			}
		}
	}
}

func isFieldValue(v string) bool {
	return len(v) <= maxField && !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func (a *Answer) checkChallenges(c *checker, at string) {
	if len(a.Challenges) == 0 {
		return
	}
	at += "challenge"
	if s := a.status(); s != http.StatusUnauthorized && s != http.StatusProxyAuthRequired && s != http.StatusForbidden {
		c.add(at, fail("put the field into headers, if it is meant", "an answer with status %d asks for no credentials", s))
	}
	if len(a.Challenges) > httpauth.MaxFields {
		c.add(at, fail("", "there are more than %d challenges", httpauth.MaxFields))
	}
	for i, text := range a.Challenges {
		key := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case text == "none" && len(a.Challenges) > 1:
			c.add(key, fail("", `"none" stands alone`))
		case text == "":
			c.add(key, fail(`for no challenge write "none"`, "the challenge is empty"))
		case !isFieldValue(text):
			c.add(key, fail("", "the challenge has a control character, or is longer than %d octets", maxField))
		}
	}
}

func (m *made) checkOrder(c *checker) {
	if m.Then != "" && m.Then != ThenLast && m.Then != ThenRepeat {
		c.add("then", fail(`"last" or "repeat"`, "unknown %s", quote(string(m.Then))))
	}
	if counts := []string{"session", "client", "connection", "credential"}; m.Count != "" && !slices.Contains(counts, string(m.Count)) {
		c.add("count", fail(suggest(string(m.Count), counts, "known: "+strings.Join(counts, ", ")), "unknown %s", quote(string(m.Count))))
	}
	m.answers = m.Answers
	var steps []step
	switch {
	case m.Answer != "":
		var err error
		if steps, m.answers, err = parseShort(m.Answer, m.Answers); err != nil {
			c.add("answer", err)
			return
		}
		for i := range m.Answers {
			if !slices.ContainsFunc(steps, func(s step) bool { return s.answer == i }) {
				c.add(fmt.Sprintf("answers[%d]", i), fail("", "the answer is never given, for %q does not name it", m.Answer))
			}
		}
	case len(m.Answers) > 0:
		for i := range m.Answers {
			steps = append(steps, step{i, 1})
		}
	default:
		c.add("answer", fail(`such as "401,401,200"`, "what to answer is missing"))
		return
	}
	m.checkChance(c, &steps)
	m.order = order{steps: steps, then: m.Then, every: m.Every, rate: m.Rate, seed: m.Seed}
	for _, s := range steps {
		m.order.total += s.n
	}
}

// checkChance checks what Every and Rate say, which make two answers of one.
func (m *made) checkChance(c *checker, steps *[]step) {
	if m.Every < 0 || m.Every > maxTimes {
		c.add("every", fail("", "%d is not between 1 and %d", m.Every, maxTimes))
	}
	c.add("rate", checkRate(m.Rate))
	if m.Seed != 0 && m.Rate == 0 {
		c.add("seed", fail("", "a seed is for a rate, and there is none"))
	}
	if m.Every == 0 && m.Rate == 0 {
		return
	}
	switch {
	case m.Every != 0 && m.Rate != 0:
		c.add("every", fail("leave one of them out", "there are every and rate"))
	case m.Then != "":
		c.add("then", fail("leave it out", "nothing follows where every or rate chooses between two answers"))
	case len(*steps) > 2 || slices.ContainsFunc(*steps, func(s step) bool { return s.n > 1 }):
		c.add("answer", fail(`such as "401,200": the first at every nth, or by chance, else the second`,
			"every and rate choose between two answers"))
	case len(*steps) == 1:
		var i int
		i, m.answers = place(Answer{Status: http.StatusOK}, m.answers)
		*steps = append(*steps, step{i, 1})
	}
}

func isID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// IsSession tells whether s can be the id of a session.
func IsSession(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
