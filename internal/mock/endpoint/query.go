package endpoint

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// queryKeys are the parameters of FromQuery.
var queryKeys = []string{"path", "method", "answer", "match", "status", "body", "json", "header", "challenge", "delay", "over",
	"fault", "then", "every", "rate", "seed", "count", "session", "id"}

// severalTimes are those that may be there more than once.
var severalTimes = []string{"match", "header", "challenge"}

// FromQuery reads the short form of an endpoint, as in
//
//	path=/orders&method=GET&answer=401,401,200&challenge=none&header=X-Try: 1
//
// status is answer by another name. match, header and challenge may be there
// several times. header, delay, over and fault are those of every answer,
// challenge that of the 401 and 407 among them, body and json that of the
// successes, or of all where none is one. The error is Errors.
func FromQuery(q url.Values) (Endpoint, error) {
	c := &checker{}
	for key, values := range q {
		switch {
		case !slices.Contains(queryKeys, key):
			c.add(key, fail(suggest(key, queryKeys, "known: "+strings.Join(queryKeys, ", ")), "unknown parameter"))
		case len(values) > 1 && !slices.Contains(severalTimes, key):
			c.add(key, fail("", "the parameter is there %d times", len(values)))
		}
	}
	e := Endpoint{
		ID: q.Get("id"), Session: q.Get("session"), Method: q.Get("method"), Path: q.Get("path"),
		Answer: q.Get("answer"), Then: Then(q.Get("then")), Count: Count(q.Get("count")),
	}
	if s := q.Get("status"); s != "" {
		if e.Answer != "" {
			c.add("status", fail("leave one of them out", "there are status and answer"))
		}
		e.Answer = s
	}
	if strings.ContainsRune(e.Answer, ' ') && len(e.Answer) <= maxShort {
		elements := strings.Split(e.Answer, ",")
		for i, one := range elements {
			elements[i] = spaced(one)
		}
		e.Answer = strings.Join(elements, ",")
	}
	for _, text := range q["match"] {
		cond, err := ParseCondition(text)
		c.add("match", err)
		e.Match = append(e.Match, cond)
	}
	numbers(c, q, &e)
	if len(c.errors) == 0 {
		queried(c, q, &e)
	}
	if len(c.errors) == 0 {
		if c.errors = e.faults(true); len(c.errors) == 0 {
			return e, nil
		}
	}
	slices.SortFunc(c.errors, func(a, b *Error) int { return strings.Compare(a.Path, b.Path) })
	return Endpoint{}, c.errors
}

func numbers(c *checker, q url.Values, e *Endpoint) {
	var err error
	if s := q.Get("every"); s != "" {
		if e.Every, err = strconv.Atoi(s); err != nil || e.Every < 1 {
			c.add("every", fail("such as 3", "%s is no number from 1", quote(s)))
		}
	}
	if s := q.Get("rate"); s != "" {
		if e.Rate, err = strconv.ParseFloat(s, 64); err != nil {
			c.add("rate", fail("such as 0.1", "%s is no number", quote(s)))
		}
	}
	if s := q.Get("seed"); s != "" {
		if e.Seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			c.add("seed", fail("", "%s is no whole number", quote(s)))
		}
	}
}

// queried reads what the parameters say about answers.
func queried(c *checker, q url.Values, e *Endpoint) {
	if !slices.ContainsFunc([]string{"body", "json", "header", "challenge", "delay", "over", "fault"}, func(k string) bool { return q.Get(k) != "" }) {
		return
	}
	more := Answer{Body: q.Get("body"), Fault: Fault(q.Get("fault")), Challenges: q["challenge"]}
	if s := q.Get("json"); s != "" {
		more.JSON = []byte(s)
	}
	for _, key := range [...]string{"delay", "over"} {
		s := q.Get(key)
		if s == "" {
			continue
		}
		d, err := parseDelay(s)
		c.add(key, err)
		if key == "delay" {
			more.Delay = Duration(d)
		} else {
			more.Over = Duration(d)
		}
	}
	for _, field := range q["header"] {
		name, value, ok := strings.Cut(field, ":")
		if name = strings.TrimSpace(name); !ok {
			c.add("header", fail("such as X-Try: 1", "%s has no colon", quote(field)))
			continue
		}
		if more.Headers == nil {
			more.Headers = map[string]Values{}
		}
		name = http.CanonicalHeaderKey(name)
		more.Headers[name] = append(more.Headers[name], strings.TrimSpace(value))
	}
	c.details(e, more)
}

// faults is Check. short tells that the answers were made of the short form, so
// that nobody has written answers[0].
func (e *Endpoint) faults(short bool) Errors {
	var errs Errors
	if !errors.As(e.Check(), &errs) || !short {
		return errs
	}
	var out Errors
	for _, one := range errs {
		if strings.HasPrefix(one.Path, "answers[") {
			if _, key, ok := strings.Cut(one.Path, "]."); ok {
				one.Path = key
			}
		}
		// What is said once is wrong once.
		if !slices.ContainsFunc(out, func(o *Error) bool { return o.Path == one.Path && o.Message == one.Message }) {
			out = append(out, one)
		}
	}
	return out
}

// details puts what was said of all answers into the answers of the short form,
// each where it belongs.
func (c *checker) details(e *Endpoint, more Answer) {
	if more.Reason != "" {
		if e.Answer != "" {
			c.add("reason", fail("a reason may stand in answer itself: answer: \"token-expired,200\"", "there are reason and answer"))
			return
		}
		e.Answers = []Answer{more}
		return
	}
	short := e.Answer
	if short == "" {
		short = "200"
	}
	steps, answers, err := parseShort(short, nil)
	if c.add("answer", err); err != nil {
		return
	}
	if len(steps) > maxAnswers || len(answers) > maxAnswers {
		c.add("answer", fail("401*3 stands for 401,401,401", "there are more than %d answers", maxAnswers))
		return
	}
	success := slices.ContainsFunc(answers, func(a Answer) bool { return a.status() < 300 && a.Fault == "" })
	asked := false
	for i := range answers {
		a := &answers[i]
		a.Name = a.nameFor(i)
		a.Headers = more.Headers
		if more.Delay > 0 {
			a.Delay = more.Delay
		}
		if more.Over > 0 {
			a.Over = more.Over
		}
		if more.Fault != "" {
			a.Fault = more.Fault
		}
		if !success || a.status() < 300 {
			a.Body, a.JSON = more.Body, more.JSON
		}
		if s := a.status(); s == http.StatusUnauthorized || s == http.StatusProxyAuthRequired || s == http.StatusForbidden {
			a.Challenges = more.Challenges
			asked = true
		}
	}
	if len(more.Challenges) > 0 && !asked {
		c.add("challenge", fail(`such as answer: "401"`, "no answer asks for credentials"))
	}
	words := make([]string, len(steps))
	for i, s := range steps {
		if words[i] = answers[s.answer].Name; words[i] == "" {
			words[i] = strconv.Itoa(answers[s.answer].Status)
		}
		if s.n > 1 {
			words[i] += "*" + strconv.Itoa(s.n)
		}
	}
	e.Answers, e.Answer = answers, strings.Join(words, ",")
	if len(answers) == 1 && len(steps) == 1 && steps[0].n == 1 {
		answers[0].Name, e.Answer = "", ""
	}
}

// nameFor is the name by which an answer of the short form, the one with this
// index, can be told from the others. The plain answer of a status needs none.
func (a *Answer) nameFor(i int) string {
	switch {
	case a.Delay != 0:
	case a.Fault == "" && a.Reason != "":
		return string(a.Reason)
	case a.Fault == "" && a.Status != 0:
		return ""
	case a.Reason == "" && a.Status == 0:
		return string(a.Fault)
	}
	return "a" + strconv.Itoa(i+1)
}
