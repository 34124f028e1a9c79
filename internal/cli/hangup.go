package cli

import (
	"context"
	"os"
)

// untilHangup ends ctx when the terminal goes away, so that commands end in
// order and leave nothing behind; unless the command is one that reloads.
func (a *app) untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if a.Hangup == nil {
		return ctx, cancel
	}
	watching := isTerminal(a.Err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-a.Hangup:
				reload := a.reload.Load()
				// Nobody reads the log of a terminal that is gone: whoever closed
				// the window meant to end it.
				if reload == nil || (watching && !isTerminal(a.Err)) {
					cancel()
					return
				}
				select {
				case *reload <- s:
				default: // one is waiting already
				}
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-ended
	}
}

// reloads makes this command one that reloads at SIGHUP. done ends that.
func (a *app) reloads() (hangup <-chan os.Signal, done func()) {
	c := make(chan os.Signal, 1)
	a.reload.Store(&c)
	return c, func() { a.reload.Store(nil) }
}
