package terminal_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/terminal"
)

func Example() {
	fmt.Println(terminal.Line("invalid_\x1b[2Jgrant\nand more", 20))
	// Output: invalid_ [2Jgrant an...
}
