package cputime_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cputime"
)

func Example() {
	began := cputime.Spent()
	sum := sha256.Sum256(make([]byte, 1<<20))
	took := cputime.Spent() - began
	fmt.Println(len(sum), took >= 0 && took < 10*time.Second)
	// Output: 32 true
}

// Work counts, and counts up.
func TestSpent(t *testing.T) {
	began, data := cputime.Spent(), make([]byte, 1<<20)
	for end := time.Now().Add(time.Minute); cputime.Spent()-began < 20*time.Millisecond; {
		sha256.Sum256(data)
		if time.Now().After(end) {
			t.Fatal("a minute of work is told to be nothing")
		}
	}
}
