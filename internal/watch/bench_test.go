package watch_test

import (
	"os"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
)

// BenchmarkObserve is what a decision costs for log and trace together, written
// to a file; the writing goroutine's time is in it, since it runs beside.
func BenchmarkObserve(b *testing.B) {
	file, err := os.Create(b.TempDir() + "/log")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for _, bb := range []struct {
		name string
		o    watch.Options
		d    *gate401.Decision
	}{
		{"allowed", watch.Options{}, allowed()},
		{"refused", watch.Options{}, refusal()},
		{"refused/log", watch.Options{MaxTraces: -1}, refusal()},
		{"refused/text", watch.Options{Form: watch.Form{Text: true}}, refusal()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			w := watch.New(file, bb.o)
			r := request()
			b.ReportAllocs()
			for b.Loop() {
				w.Observe(r, bb.d)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
