package access_test

import (
	"errors"
	"testing"

	"github.com/gate401/gate401/access"
)

// A surface that calls rules in its own way must not have to read the message.
func TestErrorNamesTheOther(t *testing.T) {
	_, err := access.Compile([]access.Rule{{Path: "/a"}, {Path: "x"}, {Path: "/a"}}, access.Rule{}, anyMethods)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatal(err)
	}
	others := map[int]int{}
	for _, one := range joined.Unwrap() {
		var fault *access.Error
		if errors.As(one, &fault) && fault.Field == "path" {
			others[fault.Index] = fault.Other
		}
	}
	if others[1] != -1 || others[2] != 0 || len(others) != 2 {
		t.Errorf("%v in %v", others, err)
	}
}
