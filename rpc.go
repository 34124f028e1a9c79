package gate401

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401/reason"
)

// RPC tells whether a request is a gRPC call, whose client reads its outcome in
// the fields grpc-status and grpc-message and takes a status other than 200 for
// a broken server: native gRPC, which needs HTTP/2, or gRPC-Web on any version.
// Every call is a POST: with the media type alone, anybody could have any refusal
// say 200 to whoever watches the gate by its statuses.
func RPC(hr *http.Request) bool {
	if hr.Method != http.MethodPost {
		return false
	}
	t := hr.Header["Content-Type"]
	return len(t) == 1 && rpcType(t[0], hr.ProtoMajor)
}

// rpcType tells gRPC media types from those that only begin in the same way.
func rpcType(media string, major int) bool {
	const grpc, web = "application/grpc", "application/grpc-web"
	if len(media) < len(grpc) || !strings.EqualFold(media[:len(grpc)], grpc) {
		return false
	}
	rest := media[len(grpc):]
	if len(media) >= len(web) && strings.EqualFold(media[:len(web)], web) {
		rest = strings.TrimPrefix(media[len(web):], "-text")
		major = 2
	}
	return major >= 2 && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// RPCStatus is the gRPC status code for an HTTP status of the gate. It differs
// from what gRPC libraries make of a foreign answer in 400, 408, 413 and 504,
// where they could only guess.
func RPCStatus(status int) int {
	const (
		unknown, invalidArgument, deadlineExceeded      = 2, 3, 4
		permissionDenied, resourceExhausted             = 7, 8
		unimplemented, internal, unavailable, unauthent = 12, 13, 14, 16
	)
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return invalidArgument
	case http.StatusUnauthorized:
		return unauthent
	case http.StatusForbidden, http.StatusMisdirectedRequest:
		return permissionDenied
	case http.StatusNotFound:
		return unimplemented
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return deadlineExceeded
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusRequestHeaderFieldsTooLarge:
		return resourceExhausted
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return unavailable
	case http.StatusInternalServerError:
		return internal
	}
	return unknown
}

// RPCMessage writes text as grpc-message has it: printable ASCII but "%" as it
// is, all other octets percent-encoded (gRPC over HTTP2, "Percent-Encoded").
func RPCMessage(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c >= ' ' && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// WriteRPC ends a gRPC call that has no answer yet: fields alone, with status 200
// (gRPC over HTTP2, "Trailers-Only"). The fields that w has already become
// metadata. It is for surfaces that answer by themselves, beside [Responder.Refuse].
func WriteRPC(w http.ResponseWriter, hr *http.Request, status int, message string) {
	h := w.Header()
	h["Content-Type"] = []string{rpcAnswer(hr)}
	h["Grpc-Status"] = []string{strconv.Itoa(RPCStatus(status))}
	h["Grpc-Message"] = []string{RPCMessage(message)}
	if exposed := h["Access-Control-Expose-Headers"]; len(exposed) > 0 {
		// gRPC-Web runs in pages: without this they see no outcome.
		h["Access-Control-Expose-Headers"] = append(exposed[:len(exposed):len(exposed)], "Grpc-Status, Grpc-Message, Gate401-Reason")
	}
	w.WriteHeader(http.StatusOK)
}

// rpcAnswer is the media type of the answer: that of the call, without what a
// client might have added to it.
func rpcAnswer(hr *http.Request) string {
	media, _, _ := strings.Cut(hr.Header.Get("Content-Type"), ";")
	for i := range len(media) {
		if c := media[i]; c <= ' ' || c >= 0x7f {
			return "application/grpc"
		}
	}
	return strings.ToLower(media)
}

// rpc refuses a gRPC call.
func (p *Responder) rpc(w http.ResponseWriter, hr *http.Request, info reason.Info) {
	h := w.Header()
	h["Gate401-Status"] = []string{strconv.Itoa(info.Status)}
	WriteRPC(w, hr, info.Status, info.Title+". "+info.Detail)
}
