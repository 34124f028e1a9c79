package world

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// Duration is a time.Duration that JSON writes as "1m30s", and reads as that or
// as a number of seconds.
type Duration time.Duration

// String is that of a time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads "1m30s", or a number of seconds.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		parsed, err := time.ParseDuration(text)
		if err != nil {
			return errors.New(`a duration is a text such as "1m30s" or a number of seconds`)
		}
		*d = Duration(parsed)
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil || math.Abs(seconds) > math.MaxInt64/2e9 {
		return errors.New(`a duration is a text such as "1m30s" or a number of seconds`)
	}
	*d = Duration(seconds * float64(time.Second))
	return nil
}

func (d Duration) std() time.Duration { return time.Duration(d) }
