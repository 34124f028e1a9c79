// Command client calls the orders and prints what a client sees of a refusal:
// the status, its details and the trailer.
//
//	client [-token TOKEN] ADDRESS get|cancel|watch [ORDER]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gate401/gate401/examples/grpc/ordersv1"
)

func main() {
	token := flag.String("token", "", "a token or an API key")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: client [-token TOKEN] ADDRESS get|cancel|watch [ORDER]")
		os.Exit(2)
	}
	trailer, err := call(flag.Arg(0), *token, flag.Arg(1), flag.Arg(2))
	if err == nil {
		return
	}
	report(err, trailer)
	os.Exit(1)
}

func call(address, token, what, order string) (trailer metadata.MD, err error) {
	// Plain text is for this machine alone; a token belongs into TLS.
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	client, q := ordersv1.NewOrdersClient(conn), &ordersv1.OrderRequest{Id: order}
	var got *ordersv1.Order
	switch what {
	case "get":
		got, err = client.Get(ctx, q, grpc.Trailer(&trailer))
	case "cancel":
		got, err = client.Cancel(ctx, q, grpc.Trailer(&trailer))
	case "watch":
		return watch(ctx, client)
	default:
		return nil, fmt.Errorf("there is no call %q", what)
	}
	if err == nil {
		fmt.Println("order", got.GetId(), "of", got.GetOwner())
	}
	return trailer, err
}

func watch(ctx context.Context, client ordersv1.OrdersClient) (metadata.MD, error) {
	stream, err := client.Watch(ctx, &ordersv1.WatchRequest{})
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		_, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return stream.Trailer(), nil
		case err != nil:
			fmt.Println("the stream ended after", n, "orders")
			return stream.Trailer(), err
		}
	}
}

func report(err error, trailer metadata.MD) {
	st := status.Convert(err)
	fmt.Println("status:", st.Code(), "-", st.Message())
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			fmt.Println("reason:", d.GetReason(), "code:", d.GetMetadata()["code"], "retry:", d.GetMetadata()["retry"])
		case *errdetails.RequestInfo:
			fmt.Println("request:", d.GetRequestId())
		case *errdetails.RetryInfo:
			fmt.Println("again in:", d.GetRetryDelay().AsDuration())
		}
	}
	for _, challenge := range trailer["www-authenticate"] {
		fmt.Println("www-authenticate:", challenge)
	}
}
