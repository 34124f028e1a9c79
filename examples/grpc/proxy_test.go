package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/examples/grpc/ordersv1"
)

// proxy is gate401 in a process of its own: TLS in front, a gRPC server behind.
type proxy struct {
	t        *testing.T
	program  string
	dir      string
	roots    *x509.CertPool
	address  string
	upstream string
}

const file = `gate: {listen: 127.0.0.1:0, upstream: "h2c://%s", realm: orders}
tls: {cert: cert.pem, key: key.pem}
admin: {listen: 127.0.0.1:0}
storage: {records: "sqlite:gate401.db"}
methods:
  own: {type: bearer, audience: orders, leeway: 1ms}
  key: {type: api-key, header: X-API-Key}
rules:
  - {path: /shop.v1.Orders/Get, scopes: ["orders:read"]}
  - {path: /shop.v1.Orders/Watch, scopes: ["orders:read"]}
  - {path: /shop.v1.Orders/Cancel, scopes: ["orders:write"]}
`

// startProxy starts it in front of upstream.
func startProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	p := &proxy{t: t, dir: t.TempDir(), upstream: upstream, program: os.Getenv("GATE401")}
	if p.program == "" {
		p.program = filepath.Join(p.dir, "gate401")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", p.program, "./cmd/gate401")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	p.certificate()
	p.write("gate401.yaml", fmt.Appendf(nil, file, upstream))
	cmd := exec.Command(p.program, "serve", "--log-format", "json")
	cmd.Dir = p.dir
	var log output
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the gate ended with %v", err)
		}
		if t.Failed() {
			t.Logf("its log:\n%s", log.String())
		}
	})
	for end := time.Now().Add(patience); p.address == ""; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the gate does not get ready")
		}
		for line := range strings.Lines(log.String()) {
			var event struct{ Msg, Listen string }
			if json.Unmarshal([]byte(line), &event) == nil && event.Msg == "ready" {
				p.address = event.Listen
			}
		}
	}
	return p
}

// output is what a process writes, read while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (p *proxy) write(name string, data []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// certificate makes one for this machine and trusts it.
func (p *proxy) certificate() {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gate"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		p.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.write("cert.pem", cert)
	p.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	p.roots = x509.NewCertPool()
	p.roots.AppendCertsFromPEM(cert)
}

// command runs gate401 on the records of the gate, and returns its output.
func (p *proxy) command(args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.program, args...)
	cmd.Dir = p.dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// behind is the API behind a gate of another process: it believes who the gate
// says is asking. Nobody else may reach it.
func behind(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	subject := md.Get("gate401-subject")
	if len(subject) != 1 || len(md.Get("authorization")) > 0 {
		return ctx
	}
	d := gate401.Decision{Allow: true, Identity: &gate401.Identity{Subject: subject[0]}}
	return new(gate401.Gate).Admit(ctx, &gate401.Request{}, &d)
}

func TestBehindTheProxy(t *testing.T) {
	server := grpc.NewServer(grpc.UnaryInterceptor(
		func(ctx context.Context, m any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(behind(ctx), m)
		}))
	ordersv1.RegisterOrdersServer(server, orders{})
	p := startProxy(t, serve(t, server))
	client := dial(t, p.address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(p.roots, "")))

	p.command("user", "add", "alice", "--generate")
	issue := func(ttl, scope string) string {
		return "Bearer " + p.command("token", "issue", "--sub", "alice", "--ttl", ttl, "--scope", scope)
	}
	good := issue("10m", "orders:read")
	other := "A"
	if good[len(good)-10] == 'A' {
		other = "B"
	}
	forged := good[:len(good)-10] + other + good[len(good)-9:]
	for _, x := range []struct {
		name, order string
		fields      []string
		status      codes.Code
		reason      string
		challenge   string
	}{
		{"a good token", "1", []string{"authorization", good}, codes.OK, "", ""},
		{"nothing", "1", nil, codes.Unauthenticated, "credentials-missing", `Bearer realm="orders", scope="orders:read"`},
		{"a forged token", "1", []string{"authorization", forged}, codes.Unauthenticated, "token-invalid", `Bearer realm="orders", error="invalid_token"`},
		{"no scope", "1", []string{"authorization", issue("10m", "none")}, codes.PermissionDenied, "scope-insufficient", `Bearer realm="orders", error="insufficient_scope"`},
		{"refused by the API itself", "2", []string{"authorization", good}, codes.PermissionDenied, "", ""},
		{"somebody who claims to be bob", "2", []string{"authorization", good, "gate401-subject", "bob"}, codes.PermissionDenied, "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			var header, trailer metadata.MD
			order, err := client.Get(with(t, x.fields...), &ordersv1.OrderRequest{Id: x.order}, grpc.Header(&header), grpc.Trailer(&trailer))
			if status.Code(err) != x.status {
				t.Fatalf("got %v, want %v", err, x.status)
			}
			if err == nil && (order.GetId() != x.order || order.GetOwner() != "alice") {
				t.Errorf("got %v", order)
			}
			// An answer without a body is all trailer.
			all := metadata.Join(header, trailer)
			if got := strings.Join(all["gate401-reason"], ","); got != x.reason {
				t.Errorf("the reason is %q, want %q", got, x.reason)
			}
			if got := strings.Join(all["www-authenticate"], "\n"); !strings.HasPrefix(got, x.challenge) || x.challenge == "" && got != "" {
				t.Errorf("the challenge is %q, want %q", got, x.challenge)
			}
		})
	}

	// A stream ends with status 16 when its token does.
	t.Run("a stream ends", func(t *testing.T) {
		for range 5 {
			stream, err := client.Watch(with(t, "authorization", issue("3s", "orders:read")), &ordersv1.WatchRequest{})
			if err != nil {
				t.Fatal(err)
			}
			received := 0
			for err == nil {
				if _, err = stream.Recv(); err == nil {
					received++
				}
			}
			if status.Code(err) != codes.Unauthenticated {
				t.Fatalf("after %d orders: got %v, %v", received, err, stream.Trailer())
			}
			if received > 0 {
				return
			}
		}
		t.Error("no stream began in time")
	})
}
