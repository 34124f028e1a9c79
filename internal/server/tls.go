package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/config"
)

// keeper keeps certificates: files, an ACME client, or the one of the demo.
type keeper interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Speaks tells whether there is, or will be, a certificate for host.
	Speaks(host string) bool
	// Ready says what is missing.
	Ready() error
	// Run keeps the certificates up to date until ctx ends.
	Run(ctx context.Context)
}

// secured is how a generation speaks https.
type secured struct {
	keeper keeper
	config *tls.Config
	acme   *certificate.ACME // nil where certificates are files
}

// secure makes what the file says about https, and nothing where it says nothing.
// A keeper whose settings stay the same goes on under the next generation: it has
// certificates, and perhaps an order under way.
func (h *house) secure(g, before *generation) error {
	cfg, t := g.config, g.config.TLS
	if h.options.certificate != nil {
		g.secured = newSecured(fixedCertificate{h.options.certificate}, t)
		return nil
	}
	if before != nil && t.On() != (before.secured != nil) {
		return cfg.Fault("tls", "this changes between https and plain http, which needs a restart: nothing of the file was taken over",
			"restart the gate, or put the value back")
	}
	if !t.On() {
		return nil
	}
	if before != nil && before.secured != nil && sameKeeper(before.config, cfg) {
		g.secured = newSecured(before.secured.keeper, t)
		if f, ok := g.secured.keeper.(*certificate.Files); ok {
			f.Look()
		}
		return nil
	}
	if len(t.ACME.Hosts) == 0 {
		f := &certificate.Files{Log: h.log}
		for _, p := range t.Pairs() {
			f.Pairs = append(f.Pairs, certificate.Pair(p))
		}
		if err := f.Open(); err != nil {
			return err
		}
		g.secured = newSecured(f, t)
		return nil
	}
	a := &certificate.ACME{
		Hosts: t.ACME.Hosts, Email: t.ACME.Email, Directory: t.ACME.DirectoryURL(), HTTP: t.Redirect != "",
		Records: h.stores.Set.Certificates, Sealer: h.stores.Sealer, UserAgent: "gate401/" + h.options.Version, Log: h.log,
	}
	if file := t.ACME.CAFile; file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return cfg.Fault("tls.acme.ca_file", "the file cannot be read: "+err.Error(), "")
		}
		if a.Roots = x509.NewCertPool(); !a.Roots.AppendCertsFromPEM(data) {
			return cfg.Fault("tls.acme.ca_file", "there is no certificate in it", "it must be PEM, which begins with -----BEGIN CERTIFICATE-----")
		}
	}
	if err := a.Open(context.Background()); err != nil {
		return err
	}
	g.secured = newSecured(a, t)
	return nil
}

// sameKeeper tells whether two files want the same certificates from the same
// place.
func sameKeeper(a, b *config.File) bool {
	return reflect.DeepEqual(a.TLS.Pairs(), b.TLS.Pairs()) && reflect.DeepEqual(a.TLS.ACME, b.TLS.ACME) && (a.TLS.Redirect == "") == (b.TLS.Redirect == "")
}

func newSecured(k keeper, t config.TLS) *secured {
	s := &secured{keeper: k, config: &tls.Config{
		GetCertificate: k.GetCertificate,
		NextProtos:     []string{"h2", "http/1.1"},
		MinVersion:     tls.VersionTLS12,
	}}
	if t.MinVersion == "1.3" {
		s.config.MinVersion = tls.VersionTLS13
	}
	if s.acme, _ = k.(*certificate.ACME); s.acme != nil {
		s.config.NextProtos = append(s.config.NextProtos, certificate.ChallengeALPN)
	}
	return s
}

// fixedCertificate is the certificate of the demo, which does not outlive it.
type fixedCertificate struct{ cert *tls.Certificate }

func (f fixedCertificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.cert, nil
}

func (f fixedCertificate) Speaks(host string) bool {
	return f.cert.Leaf.VerifyHostname(strings.Trim(host, "[]")) == nil
}

func (fixedCertificate) Ready() error { return nil }

func (fixedCertificate) Run(context.Context) {}

// keeping is the keeper that runs.
type keeping struct {
	keeper keeper
	end    context.CancelFunc
	ended  chan struct{}
}

// keep lets the keeper of g run, and ends another one that ran before.
func (h *house) keep(ctx context.Context, g *generation) {
	var next keeper
	if g != nil && g.secured != nil {
		next = g.secured.keeper
	}
	if h.keeping != nil {
		if h.keeping.keeper == next {
			return
		}
		h.keeping.end()
		<-h.keeping.ended
		h.keeping = nil
	}
	if next == nil {
		return
	}
	run, end := context.WithCancel(context.WithoutCancel(ctx))
	k := &keeping{next, end, make(chan struct{})}
	go func() {
		defer close(k.ended)
		next.Run(run)
	}()
	h.keeping = k
}

// certificateReady says what https waits for.
func (h *house) certificateReady(context.Context) error {
	if s := h.current.Load().secured; s != nil {
		return s.keeper.Ready()
	}
	return nil
}

// Limits of HTTP/2. What a client may have under way at once is what Go takes for
// right too; a peer that is gone without a word is found by pings, since a stream
// may rightly be silent for hours.
const (
	maxStreams    = 250
	pingAfter     = 30 * time.Second
	pingTimeout   = 15 * time.Second
	writesNothing = time.Minute // a connection that takes no octet for so long
)

// serveFront serves the gate's listener, over TLS where there is a certificate.
func (h *house) serveFront(front *http.Server) error {
	rememberHeads(front)
	if h.current.Load().secured == nil {
		return front.Serve(headListener{h.gate})
	}
	front.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: writesNothing,
	}
	front.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		// Of the generation in force. The keys of session tickets are of the config
		// around it, so that sessions outlast a reload.
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if s := h.current.Load().secured; s != nil {
				return s.config, nil
			}
			return nil, errors.New("the configuration in force has no certificate")
		},
	}
	front.ErrorLog = slog.NewLogLogger(quieter{h.log.Handler()}, slog.LevelInfo)
	return front.Serve(newTLSListener(h.gate, front.TLSConfig.Clone(), front.ErrorLog))
}

// quieter lowers what anyone who knocks could fill a log with: handshakes that
// fail, such as those of scanners and of checks that only open a connection.
type quieter struct{ slog.Handler }

// Handle passes r on.
func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, handshakeError) {
		if r.Level = slog.LevelDebug; !q.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return q.Handler.Handle(ctx, r)
}

// listenPlain takes the address of the redirect, where there is one.
func (h *house) listenPlain(ctx context.Context) error {
	cfg := h.options.Config.TLS
	if cfg.Redirect == "" || !cfg.On() {
		return nil
	}
	lc := listening(unreadTimeout)
	var err error
	h.plain, err = lc.Listen(ctx, "tcp", cfg.Redirect)
	return err
}
