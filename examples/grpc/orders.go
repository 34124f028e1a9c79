package main

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/examples/grpc/grpcgate"
	"github.com/gate401/gate401/examples/grpc/ordersv1"
	"github.com/gate401/gate401/examples/shop"
	"github.com/gate401/gate401/reason"
)

// orders is the API. It knows nothing of credentials.
type orders struct {
	ordersv1.UnimplementedOrdersServer
}

// Get checks what no rule can know: whose order it is.
func (orders) Get(ctx context.Context, q *ordersv1.OrderRequest) (*ordersv1.Order, error) {
	id, ok := gate401.IdentityFrom(ctx)
	if !ok {
		return nil, status.Error(codes.Internal, "no gate is in front of this server")
	}
	owner, ok := shop.Owner(q.GetId())
	switch {
	case !ok:
		return nil, status.Error(codes.NotFound, "there is no such order")
	case owner != id.Subject:
		return nil, grpcgate.Deny(reason.NotOwner)
	}
	return &ordersv1.Order{Id: q.GetId(), Owner: owner}, nil
}

// Cancel is for those who may write.
func (o orders) Cancel(ctx context.Context, q *ordersv1.OrderRequest) (*ordersv1.Order, error) {
	return o.Get(ctx, q)
}

// Watch sends until it is told to stop.
func (orders) Watch(_ *ordersv1.WatchRequest, out grpc.ServerStreamingServer[ordersv1.Order]) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := out.Send(&ordersv1.Order{Id: "1", Owner: "alice"}); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-out.Context().Done():
			return status.FromContextError(out.Context().Err()).Err()
		}
	}
}

// Track answers each request as it comes.
func (o orders) Track(both grpc.BidiStreamingServer[ordersv1.OrderRequest, ordersv1.Order]) error {
	for {
		q, err := both.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		order, err := o.Get(both.Context(), q)
		if err != nil {
			return err
		}
		if err := both.Send(order); err != nil {
			return err
		}
	}
}

// newServer is the API with a gate in front. What it does not know is judged
// too, so that nobody learns without a proof which methods there are.
func newServer(gate *gate401.Gate) *grpc.Server {
	in := &grpcgate.Interceptor{Gate: gate}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(in.Unary),
		grpc.StreamInterceptor(in.Stream),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			return status.Error(codes.Unimplemented, "there is no such method")
		}),
	)
	ordersv1.RegisterOrdersServer(server, orders{})
	return server
}
