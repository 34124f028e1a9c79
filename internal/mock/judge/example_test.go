package judge_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/judge"
)

func ExampleEntries() {
	sent := http.Header{"Authorization": {"Bearer refused"}}
	now := time.Now()
	for _, f := range judge.Entries([]journal.Entry{
		{ID: 1, Time: now, Method: "GET", Target: "/api/orders", Header: sent, Status: 401},
		{ID: 2, Time: now.Add(time.Second), Method: "GET", Target: "/api/orders", Header: sent, Status: 401},
	}) {
		fmt.Println(f.Rule, f.Entries)
	}
	// Output: token-repeated [1 2]
}
