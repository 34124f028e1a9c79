package grpcgate

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Domain is that of the reasons in errdetails.ErrorInfo.
const Domain = "gate401"

// Deny is the error of a handler that refuses by itself, with the reason that
// the caller may be told. It knows no challenge: what a credential lacks is for
// the rules to say.
func Deny(code reason.Code) error {
	return refused(code.Shown(), "", "").Err()
}

// refusal is the answer to a refused call: the status with its details, and as
// trailer the fields that HTTP has for it.
func refusal(r *gate401.Request, d *gate401.Decision) (*status.Status, metadata.MD) {
	trailer := metadata.MD{}
	for _, c := range d.Challenges {
		trailer.Append("www-authenticate", c.String())
	}
	for name, values := range d.Header {
		trailer.Append(strings.ToLower(name), values...)
	}
	trailer.Set("x-request-id", r.ID)
	trailer.Set("gate401-reason", string(d.Shown().Code))
	return refused(d.Shown(), r.ID, d.Header.Get("Retry-After")), trailer
}

// refused makes the status. A client switches on Reason, or on the same code as
// everywhere else, in the metadata.
func refused(info reason.Info, id, retryAfter string) *status.Status {
	// A call that could not be checked is Unavailable: a client that took it for
	// Unauthenticated would throw its good token away.
	st := status.New(codes.Code(gate401.RPCStatus(info.Status)), info.Title+". "+info.Detail)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason:   strings.ToUpper(strings.ReplaceAll(string(info.Code), "-", "_")),
		Domain:   Domain,
		Metadata: map[string]string{"code": string(info.Code), "retry": string(info.Retry)},
	}}
	if id != "" {
		details = append(details, &errdetails.RequestInfo{RequestId: id})
	}
	if seconds, err := strconv.Atoi(retryAfter); err == nil {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Duration(seconds) * time.Second)})
	}
	if with, err := st.WithDetails(details...); err == nil {
		return with
	}
	return st
}
