package grpcgate

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// errExpired is why the context of a stream ended, if it is its credential.
var errExpired = errors.New("the credential of the stream expired")

// stream is what the handler of a stream is given.
type stream struct {
	grpc.ServerStream

	// The interface of grpc wants it here.
	ctx  context.Context //nolint:containedctx // grpc.ServerStream has a method Context
	ends bool
}

func (s *stream) Context() context.Context { return s.ctx }

// RecvMsg waits for a message, or for the end of the credential.
func (s *stream) RecvMsg(m any) error { return s.until(m, s.ServerStream.RecvMsg) }

// SendMsg waits until the message is on its way, or for the end of the
// credential.
func (s *stream) SendMsg(m any) error { return s.until(m, s.ServerStream.SendMsg) }

// until does what may block. What still blocks when the credential ends is over
// as soon as the handler has returned, because grpc ends the stream then.
func (s *stream) until(m any, act func(any) error) error {
	if !s.ends {
		return act(m)
	}
	if err := s.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	done := make(chan error, 1)
	go func() { done <- act(m) }()
	select {
	case err := <-done:
		return err
	case <-s.ctx.Done():
		return status.FromContextError(s.ctx.Err()).Err()
	}
}

// expired is how a stream ends whose credential did: judged once more, so that
// the answer is the one that the next call would get, and the log has a line.
func (i *Interceptor) expired(ctx context.Context, method string, r *gate401.Request) (*status.Status, metadata.MD) {
	again, d := i.Gate.Judge(request(context.WithoutCancel(ctx), method))
	if d.Allow {
		// A credential that was prolonged, say; the stream ends all the same, as
		// it was told to when it began.
		again, d = r, gate401.Decision{Rule: d.Rule, Denial: &gate401.Denial{Reason: reason.TokenExpired}}
	}
	return refusal(again, &d)
}
