// Package grpcgate puts a gate in front of a gRPC server, in the same process.
//
// Start with [Interceptor], whose two methods are what grpc.UnaryInterceptor and
// grpc.StreamInterceptor want, and with [Deny] for a handler that refuses by
// itself. [gate401.IdentityFrom] tells a handler who is asking.
//
// A call is judged as the HTTP request that it is: POST /package.Service/Method,
// with the metadata as its fields. Bodies are not looked at.
package grpcgate

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/gate401/gate401"
)

// Interceptor judges every call. Its field is set before the first one.
type Interceptor struct {
	// Gate decides. Required.
	Gate *gate401.Gate
}

// Unary is a grpc.UnaryServerInterceptor.
func (i *Interceptor) Unary(ctx context.Context, message any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r, d := i.Gate.Judge(request(ctx, info.FullMethod))
	if !d.Allow {
		st, trailer := refusal(r, &d)
		// Without a transport there is nobody to tell.
		_ = grpc.SetTrailer(ctx, trailer)
		return nil, st.Err()
	}
	return handler(i.Gate.Admit(ctx, r, &d), message)
}

// Stream is a grpc.StreamServerInterceptor. A stream ends when its credential
// does, also while the handler waits for a message.
func (i *Interceptor) Stream(server any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	r, d := i.Gate.Judge(request(ss.Context(), info.FullMethod))
	if !d.Allow {
		st, trailer := refusal(r, &d)
		ss.SetTrailer(trailer)
		return st.Err()
	}
	ctx := i.Gate.Admit(ss.Context(), r, &d)
	if d.Identity == nil || d.Identity.Expires.IsZero() {
		return handler(server, &stream{ServerStream: ss, ctx: ctx})
	}
	ctx, cancel := context.WithDeadlineCause(ctx, d.Identity.Expires.Add(d.Identity.Leeway), errExpired)
	defer cancel()
	err := handler(server, &stream{ServerStream: ss, ctx: ctx, ends: true})
	if context.Cause(ctx) != errExpired {
		return err
	}
	st, trailer := i.expired(ctx, info.FullMethod, r)
	ss.SetTrailer(trailer)
	return st.Err()
}

// request is a call as the HTTP/2 request that it came as.
func request(ctx context.Context, method string) *http.Request {
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: method}, RequestURI: method,
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: http.Header{},
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		switch {
		case name == ":authority" && len(values) == 1:
			r.Host = values[0]
		case strings.HasPrefix(name, ":") || strings.HasSuffix(name, "-bin"):
			// grpc-go decodes binary metadata; as fields they mean nothing.
		default:
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if p, ok := peer.FromContext(ctx); ok {
		if p.Addr != nil {
			r.RemoteAddr = p.Addr.String()
		}
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			r.TLS = &info.State
		}
	}
	return r.WithContext(ctx)
}
