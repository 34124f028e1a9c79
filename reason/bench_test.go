package reason_test

import (
	"testing"

	"github.com/gate401/gate401/reason"
)

var (
	sinkInfo   reason.Info
	sinkStatus int
)

func TestLookupsDoNotAllocate(t *testing.T) {
	code := reason.PasswordWrong
	for name, f := range map[string]func(){
		"Info":      func() { sinkInfo = code.Info() },
		"Shown":     func() { sinkInfo = code.Shown() },
		"Lookup":    func() { sinkInfo, _ = reason.Lookup(code) },
		"ShownOnly": func() { _ = reason.ShownOnly(code) },
		"Retry":     func() { _ = reason.RetryLater.Info() },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkInfo(b *testing.B) {
	for b.Loop() {
		sinkInfo = reason.TokenExpired.Info()
	}
}

func BenchmarkShown(b *testing.B) {
	for b.Loop() {
		sinkInfo = reason.PasswordWrong.Shown()
	}
}

// A caller that needs one field only.
func BenchmarkShownStatus(b *testing.B) {
	for b.Loop() {
		sinkStatus = reason.PasswordWrong.Shown().Status
	}
}
