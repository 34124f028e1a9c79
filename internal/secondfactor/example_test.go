package secondfactor_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/internal/secondfactor"
)

func Example() {
	ctx := context.Background()
	ring, err := seal.New(bytes.Repeat([]byte{1}, seal.KeySize)) // the master key
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	factors := &secondfactor.Factors{Records: &records{}, Sealer: ring, Now: func() time.Time { return now }}

	// Set it up: the app reads the code from the page, and proves that it did.
	if err := factors.Begin(ctx, "alice", "browser"); err != nil {
		fmt.Println(err)
		return
	}
	setup, err := factors.Setup(ctx, "alice", "browser")
	if err != nil {
		fmt.Println(err)
		return
	}
	codes, err := factors.Confirm(ctx, "alice", "browser", password(nil, setup.Secret(), now))
	fmt.Println(len(codes), "recovery codes", err)

	// A login, a minute later, and somebody who looked over the shoulder.
	now = now.Add(time.Minute)
	shown := password(nil, setup.Secret(), now)
	fmt.Println(factors.Check(ctx, "alice", shown))
	_, err = factors.Check(ctx, "alice", shown)
	fmt.Println(err)
	// Output:
	// 10 recovery codes <nil>
	// otp <nil>
	// the code is wrong, too old or used already
}
