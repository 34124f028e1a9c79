package upstream

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Health says how servers are asked how they are. A request for it carries
// nothing of any client: no credential, no identity, no field that the gate
// believes from anybody.
type Health struct {
	// Path is what is asked for, with GET; empty means "/".
	Path string
	// Interval is the time between two questions; 0 means 10 seconds.
	Interval time.Duration
	// Timeout is how long an answer may take; 0 means 2 seconds.
	Timeout time.Duration
	// Healthy and Unhealthy are how many answers in a row change the verdict; 0
	// means 2 and 3.
	Healthy, Unhealthy int
	// Status are the good ones; none means 200 to 399.
	Status []int
}

func (h Health) withDefaults() Health {
	h.Path = cmp.Or(h.Path, "/")
	h.Interval = cmp.Or(h.Interval, 10*time.Second)
	h.Timeout = cmp.Or(h.Timeout, 2*time.Second)
	h.Healthy, h.Unhealthy = cmp.Or(h.Healthy, 2), cmp.Or(h.Unhealthy, 3)
	return h
}

// Agent is the User-Agent of questions about health. It opens nothing: a client
// that sends it is judged as any other.
const Agent = "gate401-health"

// watch asks until ctx ends. A server counts as well until it failed often
// enough; the first answer alone decides at the beginning, since there is
// nothing that it could contradict.
func (t *target) watch(ctx context.Context, h Health) {
	transport := NewTransport(t.url, h.Timeout)
	transport.DisableKeepAlives = t.url.Scheme != "h2c"
	if t.url.Scheme == "https" {
		transport.TLSClientConfig = t.upstream.config.TLS.Clone()
	}
	if t.url.Scheme == "h2c" {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	defer transport.CloseIdleConnections()
	row, first := 0, true
	for {
		err := t.ask(ctx, transport, h)
		if ctx.Err() != nil {
			return
		}
		need := h.Unhealthy
		if t.sick.Load() {
			need = h.Healthy
		}
		if row++; (err != nil) == t.sick.Load() {
			row = 0
		} else if first || row >= need {
			t.verdict(err)
			row = 0
		}
		if err == nil {
			// It answers: no need to wait for a client to find out.
			t.reached()
		}
		first = false
		// Not all gates at the same moment, nor all servers.
		wait := time.NewTimer(h.Interval - h.Interval/10 + rand.N(h.Interval/5+1)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// ask is one question; nil is a good answer.
func (t *target) ask(ctx context.Context, transport http.RoundTripper, h Health) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	at := url.URL{Scheme: wireScheme(t.url.Scheme), Host: t.url.Host}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String()+h.Path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", Agent)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	// The end of a short body, so that the server sees no broken connection.
	if _, err := io.CopyN(io.Discard, res.Body, 64<<10); err != nil && err != io.EOF { //nolint:errorlint // CopyN returns it as it is
		return err
	}
	good := res.StatusCode >= 200 && res.StatusCode < 400
	if len(h.Status) > 0 {
		good = slices.Contains(h.Status, res.StatusCode)
	}
	if !good {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// verdict is told once, when it changes.
func (t *target) verdict(err error) {
	about := []any{slog.String("upstream", t.upstream.config.Name), slog.String("target", t.name())}
	if t.sick.Store(err != nil); err != nil {
		t.note("health check: " + err.Error())
		t.upstream.config.Log.Warn("upstream server is unwell", append(about, slog.String("error", err.Error()))...)
		return
	}
	t.note("")
	t.upstream.config.Log.Info("upstream server is well", about...)
}
