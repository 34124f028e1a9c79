package mock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/reason"
)

// Answer is one answer in full. The zero value is an empty success.
type Answer struct {
	// Times is how often it is given before the next one; 0 means once.
	Times int
	// Status is from 200 to 599; 0 means that of Reason, else 200.
	Status int
	// Reason makes it the answer that the gate gives for a reason of the
	// catalogue.
	Reason reason.Code
	// Header has fields, which replace those that would be there.
	Header http.Header
	// Challenges of a 401, 403 or 407 are as in [Endpoint.Challenge]. None means
	// a right one for 401 and 407.
	Challenges []string
	// Body is the text of the answer.
	Body string
	// JSON is the body instead, any value that encoding/json can write.
	JSON any
	// Delay is how long the answer waits, Over how long the body takes, each at
	// most a minute.
	Delay, Over time.Duration
	// Fault is what goes wrong with it, one of the Fault constants; empty for
	// nothing.
	Fault string
}

// What may go wrong with an answer below HTTP: values of Answer.Fault.
const (
	FaultClose    = "close"    // the connection ends without an answer
	FaultReset    = "reset"    // the connection is reset without an answer
	FaultTruncate = "truncate" // half of the body is sent, then the connection ends
	FaultSlow     = "slow"     // the body takes five seconds, if Over does not say how long
	FaultGarbage  = "garbage"  // what is sent is no HTTP
	FaultEarly    = "early"    // answered before the body was read, then the connection ends
)

// replies puts answers in full into a definition.
func replies(d *endpoint.Endpoint, all []Answer) error {
	words := make([]string, len(all))
	for i, a := range all {
		name := "answer-" + strconv.Itoa(i+1)
		words[i] = name
		if a.Times > 1 {
			words[i] += "*" + strconv.Itoa(a.Times)
		} else if a.Times < 0 {
			return fmt.Errorf("%s cannot be given %d times", name, a.Times)
		}
		in := endpoint.Answer{
			Name: name, Status: a.Status, Reason: a.Reason, Challenges: slices.Clone(a.Challenges), Body: a.Body,
			Delay: endpoint.Duration(a.Delay), Over: endpoint.Duration(a.Over), Fault: endpoint.Fault(a.Fault),
		}
		if len(a.Header) > 0 {
			in.Headers = make(map[string]endpoint.Values, len(a.Header))
			for name, values := range a.Header {
				in.Headers[name] = slices.Clone(values)
			}
		}
		if a.JSON != nil {
			text, err := json.Marshal(a.JSON)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			in.JSON = text
		}
		d.Answers = append(d.Answers, in)
	}
	d.Answer = strings.Join(words, ",")
	return nil
}
