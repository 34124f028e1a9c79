package main

import (
	"context"
	"net"
	"testing"
	"time"
)

// What the end of the load cuts off is nobody's fault, also where the connection
// notices it before the context does.
func TestTheEndIsNoFault(t *testing.T) {
	asked, gate := net.Pipe()
	defer gate.Close()
	defer asked.Close()
	waiting := kind{"answer that does not come", 1, func(ctx context.Context) (int, error) {
		if end, ok := ctx.Deadline(); ok {
			_ = asked.SetReadDeadline(end.Add(-time.Millisecond))
		}
		defer context.AfterFunc(ctx, func() { _ = asked.SetReadDeadline(time.Now()) })()
		_, err := asked.Read(make([]byte, 1))
		return 0, err
	}, []int{200}, false}
	ctx, cancel := lasting(t.Context(), 20*time.Millisecond)
	defer cancel()
	var got tally
	(&stage{}).once(ctx, &waiting, &got)
	if done, wrong := got.done.Load(), got.wrong.Load(); done != 0 || wrong != 0 {
		t.Errorf("%d done, %d wrong: %s", done, wrong, *got.first.Load())
	}
	if ctx.Err() == nil {
		t.Error("it did not end")
	}
}
