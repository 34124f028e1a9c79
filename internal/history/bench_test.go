package history_test

import (
	"testing"
	"time"

	"github.com/gate401/gate401/internal/history"
)

// What an allowed request pays: well below 100 ns.
func BenchmarkObserveAllowed(b *testing.B) {
	r := history.New(history.Options{Store: &shelf{}, Every: time.Hour})
	defer func() { _ = r.Close() }()
	q, d := request("01JGJ0Q4B8Z3V5K7M9N1P2R4T6"), allowed("AB5DLQ3YPXKX6GJ2UVQ5OZ7K3E")
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Observe(q, d)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				r.Observe(q, d)
			}
		})
	})
}
