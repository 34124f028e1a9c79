package history_test

import (
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/store"
)

func Example() {
	kept := &shelf{}
	r := history.New(history.Options{Store: kept})
	r.Record(store.Event{Kind: store.EventIssued, Method: "api-key", Object: "k-3f0q8zk2ma", Subject: "alice", Time: time.Now()})
	if err := r.Close(); err != nil { // writes what is left
		fmt.Println(err)
		return
	}
	for _, e := range kept.all() {
		fmt.Println(e.Kind, e.Method, e.Object)
	}
	// Output: issued api-key k-3f0q8zk2ma
}
