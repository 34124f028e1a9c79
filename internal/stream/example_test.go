package stream_test

import (
	"fmt"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/stream"
	"github.com/gate401/gate401/reason"
)

func Example() {
	var hub stream.Hub
	id := &gate401.Identity{Subject: "robot", Method: "api-key", Credential: "k1"}
	stop := hub.Watch(id, time.Now(), func(code reason.Code) { fmt.Println("ends:", code) })
	defer stop()
	fmt.Println(hub.Publish(stream.Revocation{Kind: stream.Key, ID: "k2"}))
	fmt.Println(hub.Publish(stream.Revocation{Kind: stream.Key, ID: "k1"}))
	// Output:
	// 0
	// ends: api-key-revoked
	// 1
}
