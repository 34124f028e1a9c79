package journal

import (
	"context"

	"github.com/gate401/gate401/reason"
)

// Note is what a handler says about its answer, while it answers. Its fields are
// set by the goroutine that serves the request.
type Note struct {
	Session, Scenario, Endpoint, Fault string
	Reason                             reason.Code
	// Unmatched says that nobody made what was asked for.
	Unmatched bool
}

type noteKey struct{}

// NoteOf returns the note of the request whose context this is, and a note that
// nobody reads where no Journal records it: never nil.
func NoteOf(ctx context.Context) *Note {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		return n
	}
	return &Note{}
}

// withNote returns a context whose NoteOf is n.
func withNote(ctx context.Context, n *Note) context.Context {
	return context.WithValue(ctx, noteKey{}, n)
}
