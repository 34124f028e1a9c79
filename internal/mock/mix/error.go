package mix

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a path.
type Error struct {
	// Offset is where it is, in octets of the path as it was sent.
	Offset int
	// Message says what is wrong, Hint what would be right; Hint may be empty.
	Message, Hint string
}

func (e *Error) Error() string { return fmt.Sprintf("offset %d: %s", e.Offset, e.Message) }

// Caret is the path with a mark below the place.
func (e *Error) Caret(path string) string {
	return path + "\n" + strings.Repeat(" ", min(e.Offset, len(path))) + "^"
}
