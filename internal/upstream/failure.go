package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Kind says how an upstream failed. It is a word for logs, metrics and programs.
type Kind string

// The kinds of failures.
const (
	// NameUnknown: the host has no address.
	NameUnknown Kind = "upstream-name-unknown"
	// Unreachable: no connection could be made.
	Unreachable Kind = "upstream-unreachable"
	// TLSFailed: the connection is not one that can be trusted.
	TLSFailed Kind = "upstream-tls-failed"
	// Timeout: no connection, or no answer, in time.
	Timeout Kind = "upstream-timeout"
	// TooLarge: the fields of the answer are more than is read.
	TooLarge Kind = "upstream-answer-too-large"
	// Malformed: what came is not HTTP.
	Malformed Kind = "upstream-protocol-error"
	// Broken: the connection ended before the answer.
	Broken Kind = "upstream-connection-lost"
	// Busy: as many requests as are allowed are under way.
	Busy Kind = "upstream-busy"
	// Down: every server is known to be down, and none was reached.
	Down Kind = "upstream-down"
)

// Failure is an upstream that did not answer.
type Failure struct {
	Kind Kind
	// Upstream is its name, Target the server that was asked last.
	Upstream, Target string
	// Err is what happened, for logs alone: it holds addresses.
	Err error
}

// Error names the target and what happened.
func (f *Failure) Error() string {
	if f.Target == "" {
		return string(f.Kind) + ": " + f.Err.Error()
	}
	return f.Target + ": " + string(f.Kind) + ": " + f.Err.Error()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// dialError is a failure before anything was sent.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

// hungUp knows the words of net/http for a connection or a stream that ended, which
// have no type.
func hungUp(text string) bool {
	for _, words := range []string{"server closed idle connection", "connection broken", "broken connection", "connection lost", "GOAWAY", "stream error"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// unsent tells whether nothing of the request can have reached a server.
func unsent(err error) bool {
	var dial dialError
	return errors.As(err, &dial) || isTLS(err)
}

func isTLS(err error) bool {
	var (
		record   tls.RecordHeaderError
		alert    tls.AlertError
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &unknown) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || err.Error() == slowHandshake
}

// slowHandshake is all that net/http says of one, without a type. The words alone
// are not looked for: an error can hold what a server sent, and what looks as if
// nothing had been sent is sent again.
const slowHandshake = "net/http: TLS handshake timeout"

// KindOf tells how err, of a transport, came about.
func KindOf(err error) Kind {
	var (
		failure *Failure
		dns     *net.DNSError
		dial    dialError
		timeout net.Error
	)
	switch {
	case errors.As(err, &failure):
		return failure.Kind
	case errors.As(err, &dns) && dns.IsNotFound:
		return NameUnknown
	case isTLS(err):
		return TLSFailed
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case errors.As(err, &dial), errors.As(err, &dns), errors.Is(err, syscall.ECONNREFUSED):
		return Unreachable
	case errors.Is(err, errHeaderTooLarge), strings.Contains(err.Error(), "headers exceeded"), strings.Contains(err.Error(), "header list"):
		return TooLarge
	case errors.As(err, new(unansweredError)), errors.Is(err, errStale), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed), hungUp(err.Error()):
		return Broken
	}
	return Malformed
}
