package defend_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
)

func Example() {
	guard := &defend.Guard{
		Limits: defend.Limits{AddressAccount: defend.Limit{Attempts: 2, Window: time.Minute}},
		Now:    newClock().Now,
	}
	// The gate calls Reserve before it verifies, and settle after.
	for range 3 {
		settle, err := guard.Reserve(context.Background(), from("192.0.2.1"), credential("alice"))
		var d *gate401.Denial
		if errors.As(err, &d) {
			fmt.Println(d.Reason, d.Header.Get("Retry-After"))
			break
		}
		settle(errWrong)
	}
	for _, l := range guard.List(10) {
		fmt.Println(l.Kind, l.Account, l.Network)
	}
	// Output:
	// rate-limited 30
	// address_account alice 192.0.2.1/32
}
