package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/examples/grpc/ordersv1"
	"github.com/gate401/gate401/examples/shop"
	"github.com/gate401/gate401/reason"
)

const patience = time.Minute

// open makes the shop and its gate.
func open(t *testing.T) *shop.Shop {
	t.Helper()
	s, err := shop.Open(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// serve starts a server on a free port.
func serve(t *testing.T, server *grpc.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// dial is a real client of address.
func dial(t *testing.T, address string, options ...grpc.DialOption) ordersv1.OrdersClient {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return ordersv1.NewOrdersClient(conn)
}

// with is a context whose calls carry fields, given as name and value.
func with(t *testing.T, fields ...string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return metadata.AppendToOutgoingContext(ctx, fields...)
}

func bearer(t *testing.T, s *shop.Shop, subject string, ttl time.Duration, scopes ...string) string {
	t.Helper()
	text, err := s.Token(subject, ttl, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

// info is what the details of a status say.
func info(err error) (code string, retry time.Duration, request string) {
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			code = d.GetMetadata()["code"]
			if d.GetReason() != strings.ToUpper(strings.ReplaceAll(code, "-", "_")) || d.GetDomain() != "gate401" {
				code = "not " + d.GetDomain() + " " + d.GetReason()
			}
		case *errdetails.RetryInfo:
			retry = d.GetRetryDelay().AsDuration()
		case *errdetails.RequestInfo:
			request = d.GetRequestId()
		}
	}
	return code, retry, request
}

func TestUnary(t *testing.T) {
	s := open(t)
	client := dial(t, serve(t, newServer(s.Gate)))
	good := bearer(t, s, "alice", time.Hour, "orders:read")
	for _, x := range []struct {
		name, order string
		fields      []string
		status      codes.Code
		code        string
		challenge   string
	}{
		{"a good token", "1", []string{"authorization", good}, codes.OK, "", ""},
		{"a key", "2", []string{"x-api-key", s.Key.Reveal()}, codes.OK, "", ""},
		{"nothing", "1", nil, codes.Unauthenticated, "credentials-missing", `Bearer realm="orders", scope="orders:read"`},
		{"the token of another issuer's key", "1", []string{"authorization", bearer(t, open(t), "alice", time.Hour, "orders:read")}, codes.Unauthenticated, "token-invalid",
			`Bearer realm="orders", error="invalid_token", error_description="The access token is not valid", scope="orders:read"`},
		{"no scope", "1", []string{"authorization", bearer(t, s, "alice", time.Hour)}, codes.PermissionDenied, "scope-insufficient",
			`Bearer realm="orders", error="insufficient_scope", error_description="The credential lacks a scope for this", scope="orders:read"`},
		{"two credentials", "1", []string{"authorization", good, "authorization", good + "x"}, codes.InvalidArgument, "credentials-ambiguous", ""},
		{"another person's, refused by the handler", "2", []string{"authorization", good}, codes.PermissionDenied, "access-denied", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			var trailer metadata.MD
			order, err := client.Get(with(t, x.fields...), &ordersv1.OrderRequest{Id: x.order}, grpc.Trailer(&trailer))
			if status.Code(err) != x.status {
				t.Fatalf("got %v, want %v", err, x.status)
			}
			if err == nil && order.GetId() != x.order {
				t.Errorf("got order %q", order.GetId())
			}
			code, _, request := info(err)
			if code != x.code {
				t.Errorf("got the reason %q, want %q", code, x.code)
			}
			if got := strings.Join(trailer["www-authenticate"], "\n"); got != x.challenge {
				t.Errorf("challenges\n%s\nwant\n%s", got, x.challenge)
			}
			if id := trailer["x-request-id"]; len(id) == 1 && id[0] != request {
				t.Errorf("the trailer says request %q, the details %q", id, request)
			}
		})
	}
}

// What HTTP says by 429 and 503 has its own status, and when to come again.
func TestLater(t *testing.T) {
	for _, x := range []struct {
		name   string
		denial *gate401.Denial
		status codes.Code
		code   string
		retry  time.Duration
	}{
		{"too many", &gate401.Denial{Reason: reason.RateLimited, Header: http.Header{"Retry-After": {"60"}}}, codes.ResourceExhausted, "rate-limited", time.Minute},
		{"could not be checked", &gate401.Denial{Reason: reason.CheckFailed}, codes.Unavailable, "check-failed", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			method := gate401.NewFunc("pin", "Pin", "orders", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
				return nil, x.denial
			})
			gate := &gate401.Gate{
				Policy: func(*gate401.Request) gate401.Requirement {
					return gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{method}}
				},
				Guard: gate401.DangerouslyUnguarded{},
			}
			client := dial(t, serve(t, newServer(gate)))
			_, err := client.Get(with(t, "authorization", "Pin 1"), &ordersv1.OrderRequest{Id: "1"})
			code, retry, _ := info(err)
			if status.Code(err) != x.status || code != x.code || retry != x.retry {
				t.Errorf("got %v, %q, %v", err, code, retry)
			}
		})
	}
}

// A method that does not exist is judged before anybody is told so.
func TestUnknownMethod(t *testing.T) {
	s := open(t)
	address := serve(t, newServer(s.Gate))
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for _, x := range []struct {
		name   string
		fields []string
		want   codes.Code
	}{
		{"nobody", nil, codes.Unauthenticated},
		{"alice", []string{"authorization", bearer(t, s, "alice", time.Hour)}, codes.Unimplemented},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := conn.Invoke(with(t, x.fields...), "/shop.v1.Nothing/Here", &ordersv1.OrderRequest{}, &ordersv1.Order{})
			if status.Code(err) != x.want {
				t.Errorf("got %v, want %v", err, x.want)
			}
		})
	}
}

// Streams are refused as calls are, and end when their token does: while the
// server sends, and while it waits.
func TestStreamEnds(t *testing.T) {
	s := open(t)
	client := dial(t, serve(t, newServer(s.Gate)))
	watch := func(t *testing.T, ctx context.Context) (received int, trailer metadata.MD, err error) {
		stream, err := client.Watch(ctx, &ordersv1.WatchRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err = stream.Recv(); err != nil {
				return received, stream.Trailer(), err
			}
			received++
		}
	}
	expired := func(t *testing.T, trailer metadata.MD, err error) {
		t.Helper()
		code, _, _ := info(err)
		want := `Bearer realm="orders", error="invalid_token", error_description="The access token expired"`
		if status.Code(err) != codes.Unauthenticated || code != "token-expired" || !strings.HasPrefix(strings.Join(trailer["www-authenticate"], "\n"), want) {
			t.Errorf("got %v, %q, %q", err, code, trailer)
		}
	}
	// soon is a token that is over in two seconds or so; a busy machine may not
	// begin with it in time, so another one is tried.
	soon := func(t *testing.T) context.Context {
		return with(t, "authorization", bearer(t, s, "alice", 2*time.Second, "orders:read"))
	}
	t.Run("refused", func(t *testing.T) {
		received, trailer, err := watch(t, with(t))
		if code, _, _ := info(err); received != 0 || code != "credentials-missing" || len(trailer["www-authenticate"]) != 1 {
			t.Errorf("got %d orders, %v, %q", received, err, trailer)
		}
	})
	t.Run("while the server sends", func(t *testing.T) {
		for range 5 {
			received, trailer, err := watch(t, soon(t))
			if expired(t, trailer, err); received > 0 || t.Failed() {
				return
			}
		}
		t.Error("no stream began in time")
	})
	t.Run("while the server waits", func(t *testing.T) {
		for range 5 {
			both, err := client.Track(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			_ = both.Send(&ordersv1.OrderRequest{Id: "1"})
			_, first := both.Recv()
			_, err = both.Recv() // nothing is asked any more
			if expired(t, both.Trailer(), err); first == nil || t.Failed() {
				return
			}
		}
		t.Error("no stream began in time")
	})
	t.Run("a client that goes away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(with(t, "authorization", bearer(t, s, "alice", time.Hour, "orders:read")))
		both, err := client.Track(ctx)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := both.Recv(); status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
	})
}
