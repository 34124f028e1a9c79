package capture

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// SendError tells why no answer could be had. It names no URL: there may be
// secrets in it.
type SendError struct {
	// Problem in a few words.
	Problem string
	// Help is what to look at, "" if there is nothing to say.
	Help string
	// Err is the error of the network.
	Err error
}

func (e *SendError) Error() string { return e.Problem }

// Unwrap gives the error of the network.
func (e *SendError) Unwrap() error { return e.Err }

// Hint is Help.
func (e *SendError) Hint() string { return e.Help }

// sendError says in words what the network said.
func sendError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := &SendError{Err: err}
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		e.Problem = "it was interrupted"
	case errors.As(err, &dns):
		e.Problem, e.Help = "there is no address for the host "+clean(dns.Name), "check the spelling of the host, and whether it is only known inside a network (VPN)"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Problem, e.Help = "nothing listens there: the connection was refused", "check the port, and whether the server is running"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		e.Problem, e.Help = "there was no answer in time", "a firewall that drops packets looks like this, and so does a server that waits for something"
	case errors.As(err, &authority):
		e.Problem, e.Help = "the certificate of the server is signed by nobody that this machine trusts", "if that is known and meant: --insecure"
	case errors.As(err, &host):
		e.Problem, e.Help = "the certificate of the server is for another name", "check the host of the URL; if it is meant: --insecure"
	case errors.As(err, &invalid):
		e.Problem, e.Help = "the certificate of the server is not valid: "+clean(invalid.Error()), "if that is known and meant: --insecure"
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		e.Problem, e.Help = "the server does not speak TLS there", "try http:// instead of https://, or another port"
	case strings.Contains(text, "malformed HTTP response"):
		e.Problem, e.Help = "the answer is no HTTP", "if the server speaks TLS there: https:// instead of http://"
	case strings.Contains(text, "invalid header field value"):
		e.Problem, e.Help = "a field has a character that HTTP forbids (RFC 9110 section 5.5), such as a line feed", "look for a line feed at the end of a token or key that was read from a file"
	case strings.Contains(text, "invalid header field name"):
		e.Problem, e.Help = "the name of a field has a character that HTTP forbids (RFC 9110 section 5.1)", "look for blanks and line feeds before the colon"
	case strings.Contains(text, "invalid method"):
		e.Problem = "the method has a character that HTTP forbids (RFC 9110 section 9.1)"
	case errors.Is(err, syscall.ECONNRESET), strings.Contains(text, "EOF"):
		e.Problem, e.Help = "the connection was closed before there was an answer", "a proxy or firewall between, or a server that wants TLS or a client certificate, does this"
	case strings.Contains(text, "unsupported protocol scheme"):
		e.Problem, e.Help = "only http and https can be sent", "check the beginning of the URL"
	case strings.Contains(text, "no Host in request URL"):
		e.Problem, e.Help = "the URL has no host", "the request line alone does not say which server is meant: a Host field or a whole URL does"
	case strings.Contains(text, "certificate required"), strings.Contains(text, "bad certificate"):
		e.Problem, e.Help = "the server wants a client certificate", "this request carries none"
	default:
		e.Problem = "there was no answer: " + clean(text)
	}
	return e
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
