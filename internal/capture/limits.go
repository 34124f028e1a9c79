package capture

import (
	"errors"
	"fmt"
)

// Bounds of what is read.
const (
	// MaxText is the size of a command or an exchange as text, in octets.
	MaxText = 4 << 20
	// MaxFile is the size of a HAR file or a Postman collection.
	MaxFile = 64 << 20
	// MaxExchanges is how many exchanges one source may hold.
	MaxExchanges = 20_000
	// maxFields of one request that was put together from a command.
	maxFields = 1000
	// maxRequests that one text of commands may make.
	maxRequests = 500
)

// ErrEmpty tells that there was nothing to read.
var ErrEmpty = errors.New("there is nothing in it")

// SizeError tells that a source is larger than what is read.
type SizeError struct {
	// What is too large: "HAR file", ...
	What string
	// Max is what would have been read, in octets.
	Max int
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the %s is larger than %d MiB", e.What, e.Max>>20)
}

// Hint says how to make it smaller.
func (e *SizeError) Hint() string {
	return "export or copy only the requests that matter"
}

// SyntaxError tells what could not be read and where. It never repeats the
// text: there may be passwords in it.
type SyntaxError struct {
	// What was being read: "HAR file", "curl command", ...
	What string
	// Line counts from 1; 0 if unknown.
	Line int
	// Problem in a few words.
	Problem string
	// Help is one thing to do, "" if there is none.
	Help string
}

func (e *SyntaxError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s, line %d: %s", e.What, e.Line, e.Problem)
	}
	return e.What + ": " + e.Problem
}

// Hint is Help.
func (e *SyntaxError) Hint() string { return e.Help }
