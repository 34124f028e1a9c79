package mock

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A judge of clients must know what a client knew when it sent a request. When
// the request came in is too late for that, and when the answer was made too
// early: among a hundred requests at once, some wait for their connection while
// others are refused already, and would be taken for repetitions. The client of a
// Mock therefore notes when it was asked to send and when it saw the answer, and
// the connection of any other says when it was opened.

// flightField is between the client and the server of one Mock; no handler sees
// it.
const flightField = "Gate401-Mock-Flight"

// flight is one request, as its client sees it.
type flight struct {
	came time.Time // at the server
	sent time.Time // zero where it is not known
	seen time.Time // zero while it is not known
	ours bool      // sent by the client of the Mock
}

// maxFlights bounds what is remembered; beyond it, requests were sent when they
// came in, and seen when they were answered.
const maxFlights = 100_000

// sender is the Transport of a Mock's client.
type sender struct {
	base    *http.Transport
	port    string // of the mock: others are not told; empty for all
	traffic *traffic
}

// RoundTrip sends r.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || s.port != "" && r.URL.Port() != s.port {
		return s.base.RoundTrip(r)
	}
	f := s.traffic
	id := f.takeoff()
	if id == "" {
		return s.base.RoundTrip(r)
	}
	r = r.WithContext(r.Context())
	if r.Header = r.Header.Clone(); r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(flightField, id)
	defer f.landed(id)
	return s.base.RoundTrip(r)
}

// CloseIdleConnections is for http.Client.
func (s *sender) CloseIdleConnections() { s.base.CloseIdleConnections() }

// takeoff begins a flight, and returns its id.
func (f *traffic) takeoff() string {
	at := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.flights) >= maxFlights {
		return ""
	}
	id := strconv.Itoa(len(f.flights))
	f.flights[id] = &flight{sent: at, ours: true}
	return id
}

func (f *traffic) landed(id string) {
	at := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flights[id].seen = at
}

// connecting is how long after a connection was opened its first request can be
// the one that it was opened for.
const connecting = 200 * time.Millisecond

type openedKey struct{}

// opened keeps when a connection was made.
func (f *traffic) opened(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(f.serving(ctx, c), openedKey{}, f.now())
}

// arrives takes the field out of a request that came in, and remembers what it
// says.
func (f *traffic) arrives(r *http.Request, came time.Time) {
	opened, _ := r.Context().Value(openedKey{}).(time.Time)
	id := r.Header.Get(flightField)
	r.Header.Del(flightField)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.arrived++; f.arrived > maxFlights {
		return
	}
	before := f.arrivals[r.RemoteAddr]
	l := f.flights[id]
	switch {
	case l == nil:
		l = &flight{}
		if len(before) == 0 && came.Sub(opened) < connecting {
			l.sent = opened
		}
	case !l.came.IsZero():
		// net/http has sent it once more, since the connection was cut.
		l = &flight{sent: l.sent, seen: l.seen}
	}
	l.came = came
	f.arrivals[r.RemoteAddr] = append(before, l)
}

// asSeen is an entry whose time is when the request was sent, and whose end is
// when the client saw the answer. Where both are known it does not matter which
// connection was used: the order in time is that of the client.
func (f *traffic) asSeen(e Entry) Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.arrivals[e.Client]
	for i := len(all) - 1; i >= 0; i-- {
		l := all[i]
		if l.came.After(e.Time) {
			continue
		}
		end := e.Time.Add(e.Took)
		switch {
		case l.seen.After(end):
			end = l.seen
		case l.ours && l.seen.IsZero(): // not yet
			end = f.now()
		}
		if !l.sent.IsZero() && l.sent.Before(e.Time) {
			e.Time = l.sent
		}
		e.Took = end.Sub(e.Time)
		if l.ours {
			e.Client = ours
		}
		break
	}
	return e
}
