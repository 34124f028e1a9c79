package mock

import (
	"errors"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/openapi"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	// Text is one line: file, place, key and what is wrong. Hint, which may be
	// empty, is what to write instead.
	Text, Hint string
}

// Faults lists what is wrong with a file, where err is an error about one, of
// LoadFile or NewServer.
func Faults(err error) []Fault {
	var out []Fault
	var made endpoint.Errors
	var described openapi.Errors
	switch {
	case errors.As(err, &made):
		for _, e := range made {
			out = append(out, Fault{e.Error(), e.Hint})
		}
	case errors.As(err, &described):
		for _, e := range described {
			out = append(out, Fault{e.Error(), e.Hint})
		}
	}
	return out
}
