package watch_test

import (
	"context"
	"fmt"
	"os"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
)

func Example() {
	w := watch.New(os.Stdout, watch.Options{Form: watch.Form{Text: true}})
	gate := &gate401.Gate{Observe: w.Observe}

	r := request()
	d := gate.Decide(context.Background(), r) // no policy: nobody passes
	gate.Observe(r, &d)
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	trace, _ := w.Traces.Lookup(r.ID)
	fmt.Println(trace.Status, trace.Reason, "shown as", trace.Shown)
	// Output:
	// 12:04:05  403  GET /orders             rule-missing         -       -        127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ  -> next: request-access  (no rule asks anything that can be answered)
	// 403 rule-missing shown as access-denied
}
