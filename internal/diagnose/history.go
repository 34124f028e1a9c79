package diagnose

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/capture"
)

// history tells what came after a request for the same.
type history struct {
	exchanges []capture.Exchange
	keys      []string       // method and URL of each
	success   map[string]int // index of the last one that was let in
	sent      map[string]int // index of the last one with an Authorization field
	granted   int            // index of the first one that handed out a token; -1 for none
}

func newHistory(c capture.Capture) history {
	h := history{c.Exchanges, make([]string, len(c.Exchanges)), map[string]int{}, map[string]int{}, -1}
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		key := x.Request.Method + " " + x.Request.URL.String()
		h.keys[i] = key
		if x.Response != nil && x.Response.Status >= 200 && x.Response.Status < 300 {
			h.success[key] = i
			if body := x.Response.Body; h.granted < 0 && len(body) <= maxMessage && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && len(readGrants(i, body)) > 0 {
				h.granted = i
			}
		}
		if x.Request.Header.Has("Authorization") {
			h.sent[key] = i
		}
	}
	return h
}

// subject chooses the request to explain: the first that was refused and not
// repeated with success. A 401 goes before any other failure, for that is what
// people come with; but what was refused before a login or refresh led to that,
// so what went wrong with it, or after it, is what stands in the way.
func (h history) subject() int {
	best, rank := len(h.exchanges)-1, 0
	for i := range h.exchanges {
		if r := h.failure(i); r > rank {
			best, rank = i, r
		}
	}
	return best
}

// failure ranks how much an exchange is the one that somebody asks about; 0 is a
// success.
func (h history) failure(i int) int {
	x := &h.exchanges[i]
	if x.Response == nil {
		return 1
	}
	switch status := x.Response.Status; {
	case status >= 400 && isPreflight(x):
		return 9
	case (status == 400 || status == 401) && renews(x):
		return 12
	case (status == 401 || status == 407) && h.repeated(i):
		return 0
	case status == 401 && h.answered(i):
		return 1
	case status == 401 && h.granted >= 0 && i > h.granted:
		return 11
	case status == 401:
		return 10
	case status == 407:
		return 8
	case status == 403:
		return 7
	case status == 0:
		return 6
	case status == 429, status == 431, status == 421, status == 400:
		return 5
	case status >= 500:
		return 4
	case status >= 400:
		return 3
	case status >= 300 && status < 400:
		if to := location(x); to != nil && loginPath(to.Path) && !loginPath(x.Request.URL.Path) && !h.repeated(i) {
			return 2
		}
	case status >= 200 && status < 300:
		if readMessage(x.Response).fail {
			return 5
		}
	}
	return 0
}

// renews tells that a refresh token is redeemed.
func renews(x *capture.Exchange) bool {
	body := x.Request.Body[:min(len(x.Request.Body), maxMessage)]
	return unsafe(x.Request.Method) && bytes.Contains(body, []byte("refresh_token"))
}

// repeated tells that a later request for the same was let in: the 401 was a
// step of a handshake, or a token that was refreshed.
func (h history) repeated(i int) bool { return h.success[h.keys[i]] > i }

// answered tells that the client came back with a credential for a challenge: the
// answer to that is the one that counts.
func (h history) answered(i int) bool {
	return h.sent[h.keys[i]] > i && !h.exchanges[i].Request.Header.Has("Authorization")
}

// others names the other requests that were refused.
func (h history) others(subject int) string {
	var list, after []string
	for i := range h.exchanges {
		if i == subject || h.exchanges[i].Response == nil || h.failure(i) < 5 {
			continue
		}
		status := fmt.Sprint(h.exchanges[i].Response.Status)
		if status == "0" {
			status = "no answer"
		}
		switch {
		case len(list)+len(after) == 8:
			list = append(list, "...")
		case len(list)+len(after) > 8:
		case h.follows(i, subject):
			after = append(after, fmt.Sprint(i+1))
		default:
			list = append(list, fmt.Sprintf("%d (%s)", i+1, status))
		}
	}
	text := ""
	if len(after) > 0 {
		text = "Request " + strings.Join(after, ", ") + " got no answer because of it: a browser does not make a call whose preflight was refused."
	}
	if len(list) > 0 {
		text = strings.TrimSpace(text + " Other requests failed too: " + strings.Join(list, ", ") + ".")
	}
	return text
}

// follows tells that a call was not made because its preflight was refused.
func (h history) follows(i, preflight int) bool {
	x, p := &h.exchanges[i], &h.exchanges[preflight]
	return x.Response.Status == 0 && isPreflight(p) && !isPreflight(x) && x.Request.URL.String() == p.Request.URL.String()
}

// second is the request that answers the challenge of the one at i: index, and
// whether there is one.
func (h history) second(i int) (int, bool) {
	x := &h.exchanges[i]
	if x.Response == nil || x.Response.Status != 401 && x.Response.Status != 407 || x.Request.Header.Has("Authorization") {
		return 0, false
	}
	for n := i + 1; n < len(h.exchanges); n++ {
		if h.keys[n] == h.keys[i] && h.exchanges[n].Request.Header.Has("Authorization") {
			return n, true
		}
	}
	return 0, false
}
