package yamldoc_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/yamldoc"
)

func Example() {
	root, fault := yamldoc.Reader{What: "file", MaxSize: 1 << 20}.Read([]byte("realm: orders\nrules: none\n"))
	if fault != nil {
		fmt.Println(yamldoc.Line("gate401.yaml", fault.Line, fault.Column, fault.Message))
		return
	}
	wrong := yamldoc.Wrong(root.Content[3], "a list")
	fmt.Println(yamldoc.Line("gate401.yaml", wrong.Line, wrong.Column, "rules", wrong.Message))
	fmt.Println(wrong.Hint)
	// Output:
	// gate401.yaml:2:8: rules: this is text, and a list is wanted
	// put the value in brackets: [...]
}
