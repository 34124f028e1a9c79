package endpoint

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/reason"
)

// Bounds of Endpoint.Answer.
const (
	maxShort = 4096      // octets
	maxTimes = 1_000_000 // of one element
)

// step is one element of the order of answers: an answer, n times.
type step struct {
	answer int // index into the answers of the endpoint
	n      int
}

// order says which answer a request gets.
type order struct {
	steps []step
	total int
	then  Then
	every int
	rate  float64
	seed  uint64
}

// pick is the index of the answer for the request with this number, from 0.
func (o *order) pick(number uint64) int {
	first, second := o.steps[0].answer, o.steps[len(o.steps)-1].answer
	switch {
	case o.every > 0:
		if (number+1)%uint64(o.every) == 0 {
			return first
		}
		return second
	case o.rate > 0:
		if chance(o.seed, number) < o.rate {
			return first
		}
		return second
	}
	if number >= uint64(o.total) {
		if o.then != ThenRepeat {
			return second
		}
		number %= uint64(o.total)
	}
	for _, s := range o.steps {
		if number < uint64(s.n) {
			return s.answer
		}
		number -= uint64(s.n)
	}
	return second
}

// chance is the number-th member of a series in [0,1) that seed chooses. It is
// computed from the number alone (SplitMix64), so that requests that arrive
// together cannot change the series.
func chance(seed, number uint64) float64 {
	z := seed + (number+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}

// parseShort reads Endpoint.Answer:
//
//	short   = element *( "," element )
//	element = what [ "*" times ] [ ( "@" / "+" ) delay ] [ "!" fault ]
//	what    = name / status / reason / fault
//
// with white space anywhere between them, and alone before a delay: that is what
// becomes of a "+" in a query. It adds to answers what they do not
// have yet. An error is a *Error.
func parseShort(s string, answers []Answer) ([]step, []Answer, error) {
	if len(s) > maxShort {
		return nil, nil, fail("401*500 stands for five hundred times 401", "the answer is longer than %d octets", maxShort)
	}
	var steps []step
	given := len(answers)
	for element := range strings.SplitSeq(s, ",") {
		if strings.TrimSpace(element) == "" {
			return nil, nil, fail(`write "401,401,200"`, "something is missing beside a comma")
		}
		what, times, delay, fault, err := cutElement(element)
		if err != nil {
			return nil, nil, err
		}
		i, known := named(what, answers[:given])
		if !known || delay > 0 || fault != "" {
			var a Answer
			if known {
				a = answers[i]
				a.Name = ""
			} else if a, err = shortAnswer(what, answers[:given]); err != nil {
				return nil, nil, err
			}
			if delay > 0 {
				a.Delay = Duration(delay)
			}
			if fault != "" {
				a.Fault = fault
			}
			i, answers = place(a, answers)
		}
		steps = append(steps, step{i, times})
	}
	return steps, answers, nil
}

// place finds an answer that is the same or adds it.
func place(a Answer, answers []Answer) (int, []Answer) {
	for i := range answers {
		if answers[i].simple() && a.simple() && answers[i].Name == "" && answers[i].Status == a.Status &&
			answers[i].Reason == a.Reason && answers[i].Delay == a.Delay && answers[i].Fault == a.Fault {
			return i, answers
		}
	}
	return len(answers), append(slices.Clip(answers), a)
}

// simple tells whether an answer is no more than an element can say.
func (a *Answer) simple() bool {
	return a.Headers == nil && a.Challenges == nil && a.Body == "" && a.JSON == nil && a.Over == 0
}

// cutElement takes the parts of an element apart.
func cutElement(s string) (what string, times int, delay time.Duration, fault Fault, err error) {
	times = 1
	rest := spaced(s)
	end := strings.IndexAny(rest, marks)
	if end < 0 {
		return rest, 1, 0, "", nil
	}
	what, rest = strings.TrimSpace(rest[:end]), rest[end:]
	seen := ""
	for rest != "" {
		mark := rest[0]
		if mark == '+' {
			mark = '@'
		}
		if strings.IndexByte(seen, mark) >= 0 {
			return "", 0, 0, "", fail("", "answer %s: there are two %q", quote(s), mark)
		}
		seen += string(mark)
		end := strings.IndexAny(rest[1:], marks) + 1
		if end == 0 {
			end = len(rest)
		}
		value := strings.TrimSpace(rest[1:end])
		rest = rest[end:]
		switch mark {
		case '*':
			if times, err = strconv.Atoi(value); err != nil || times < 1 || times > maxTimes {
				return "", 0, 0, "", fail("401*3 stands for 401,401,401", "answer %s: behind * a number from 1 to %d is wanted", quote(s), maxTimes)
			}
		case '@':
			if delay, err = parseDelay(value); err != nil {
				return "", 0, 0, "", err
			}
		default:
			if fault, err = parseFault(value); err != nil {
				return "", 0, 0, "", err
			}
		}
	}
	if what == "" {
		return "", 0, 0, "", fail(`write "401`+s+`"`, "answer %s: what to answer is missing", quote(s))
	}
	return what, times, delay, fault, nil
}

// marks begin the parts of an element behind what to answer.
const marks = "*+@!"

// spaced is an element with the mark of a delay where a space stands for it: a
// form, and so a query, has a space where a "+" was written.
func spaced(s string) string {
	fields := strings.Fields(s)
	var b strings.Builder
	for i, word := range fields {
		if i > 0 {
			before, space := fields[i-1], " "
			if end := strings.IndexAny(word, marks); end >= 0 {
				word = word[:end]
			}
			_, err := time.ParseDuration(word)
			if err == nil && !digits(word) && strings.IndexByte(marks, before[len(before)-1]) < 0 {
				space = "@"
			}
			b.WriteString(space)
		}
		b.WriteString(fields[i])
	}
	return b.String()
}

// digits tells whether s is a number, and so no time but an answer without its
// comma.
func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// named finds the answer that a word stands for: one of that name, or the only
// one with that status.
func named(what string, answers []Answer) (int, bool) {
	for i := range answers {
		if answers[i].Name == what && what != "" {
			return i, true
		}
	}
	status, err := strconv.Atoi(what)
	found := -1
	for i := range answers {
		if err == nil && answers[i].status() == status && answers[i].Name == "" {
			if found >= 0 {
				return -1, false
			}
			found = i
		}
	}
	return found, found >= 0
}

// status is the one that an answer will have.
func (a *Answer) status() int {
	switch {
	case a.Status != 0:
		return a.Status
	case a.Reason != "":
		return a.Reason.Shown().Status
	}
	return http.StatusOK
}

// shortAnswer is what a word means that names no answer.
func shortAnswer(what string, answers []Answer) (Answer, error) {
	if status, err := strconv.Atoi(what); err == nil {
		if err := checkStatus(status); err != nil {
			return Answer{}, err
		}
		return Answer{Status: status}, nil
	}
	if slices.Contains(Faults(), Fault(what)) {
		return Answer{Fault: Fault(what)}, nil
	}
	if _, ok := reason.Lookup(reason.Code(what)); ok {
		return Answer{Reason: reason.Code(what)}, nil
	}
	words := make([]string, 0, 64)
	for i := range answers {
		if n := answers[i].Name; n != "" {
			words = append(words, n)
		}
	}
	for _, f := range Faults() {
		words = append(words, string(f))
	}
	for _, info := range reason.All() {
		words = append(words, string(info.Code))
	}
	hint := suggest(what, words, `a status (401), a reason (token-expired), a fault (reset) or the name of one of the answers`)
	if strings.ContainsRune(what, ' ') {
		hint = "a comma stands between answers (401,200), and @ before a delay (200@1s): a + in a query is a space"
	}
	// The digits and the letters that look like them.
	if digits := strings.NewReplacer("l", "1", "I", "1", "i", "1", "O", "0", "o", "0").Replace(what); digits != what {
		if n, err := strconv.Atoi(digits); err == nil && checkStatus(n) == nil {
			hint = "did you mean " + strconv.Itoa(n) + "? There is a letter among the digits"
		}
	}
	return Answer{}, fail(hint, "answer %s is neither a status nor anything else that is known", quote(what))
}

func checkStatus(n int) error {
	if n < 200 || n > 599 {
		return fail("such as 401", "%d is no status of an answer, which goes from 200 to 599", n)
	}
	return nil
}

func parseFault(s string) (Fault, error) {
	if slices.Contains(Faults(), Fault(s)) {
		return Fault(s), nil
	}
	words := make([]string, 0, 8)
	for _, f := range Faults() {
		words = append(words, string(f))
	}
	return "", fail(suggest(s, words, "known: "+strings.Join(words, ", ")), "unknown fault %s", quote(s))
}

func parseDelay(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		hint := "such as 500ms or 2s"
		if _, bad := strconv.ParseFloat(s, 64); bad == nil {
			hint = "write " + s + "s for seconds or " + s + "ms for milliseconds"
		}
		return 0, fail(hint, "%s is no time", quote(s))
	case d < 0 || d > MaxDelay:
		return 0, fail("", "%s is not between 0 and %s", d, MaxDelay)
	}
	return d, nil
}

func checkRate(p float64) error {
	if math.IsNaN(p) || p < 0 || p > 1 {
		hint := ""
		if p > 1 && p <= 100 {
			hint = "for " + strconv.FormatFloat(p, 'g', -1, 64) + " percent write " + strconv.FormatFloat(p/100, 'g', 6, 64)
		}
		return fail(hint, "the rate %g is not between 0 and 1", p)
	}
	return nil
}
