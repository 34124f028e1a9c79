package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gate401/gate401/tools/rig"
)

// stage is everything that runs.
type stage struct {
	settings settings
	dir      string // of the records
	material *rig.Material
	api      *api
	gate     *rig.Process
	config   rig.Gate
	admin    string
	log      *gateLog
	client   *http.Client // of everybody but the guesser
	guesser  *http.Client // from another address: it is held off
	tallies  *tallies
	atFirst  sample // before anybody asked anything
}

func newStage(ctx context.Context, s settings, dir string) (_ *stage, err error) {
	st := &stage{settings: s, dir: dir, api: &api{}, log: &gateLog{}, tallies: newTallies()}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.material, err = rig.NewMaterial(ctx, dir, 1000, 200); err != nil {
		return nil, err
	}
	// It listens there again after it was away.
	if st.api.addr, err = rig.FreeAddr(ctx); err != nil {
		return nil, err
	}
	if err = st.api.start(ctx); err != nil {
		return nil, err
	}
	if st.admin, err = rig.FreeAddr(ctx); err != nil {
		return nil, err
	}
	st.config = rig.Gate{Name: "gate", Binary: s.binary, Upstream: "http://" + st.api.addr, Records: "records.db", Rules: 20, Leeway: "1s",
		Admin: st.admin, Core: -1, Nice: s.nice, Output: st.log}
	if st.gate, err = st.material.Start(ctx, st.config); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, st.log)
	}
	st.client, st.guesser = client(""), client("127.0.0.9")
	st.atFirst, err = st.look(ctx, time.Now(), "before")
	return st, err
}

// client connects from that address, or from any.
func client(from string) *http.Client {
	d := &net.Dialer{Timeout: time.Minute}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	return &http.Client{
		Timeout:       3 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 256, DisableCompression: true},
	}
}

func (st *stage) close() {
	if st.gate != nil {
		if err := st.gate.Stop(); err != nil {
			fmt.Fprintf(os.Stderr, "gate401: error: %v\n", err)
		}
	}
	if st.api.server != nil {
		_ = st.api.stop()
	}
	for _, c := range []*http.Client{st.client, st.guesser} {
		if c != nil {
			c.CloseIdleConnections()
		}
	}
}

// reload has the gate read its file again, with one rule more or less.
func (st *stage) reload(i int) error {
	g := st.config
	g.Rules += i % 2
	path := filepath.Join(st.dir, g.Name+".yaml")
	// Whole at once: the gate follows changes of the file, too.
	if err := os.WriteFile(path+".new", []byte(st.material.Settings(g, st.gate.Addr)), 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return st.gate.Hang()
}

// generation is the number of the configuration in force.
func (st *stage) generation(ctx context.Context) (uint64, error) {
	var c struct {
		Generation uint64          `json:"generation"`
		Failed     json.RawMessage `json:"failed"`
	}
	if err := st.ask(ctx, "/api/config", &c); err != nil {
		return 0, err
	}
	if len(c.Failed) > 0 {
		return c.Generation, fmt.Errorf("a reload failed: %s", c.Failed)
	}
	return c.Generation, nil
}

// ask reads a page of the admin listener.
func (st *stage) ask(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+st.admin+path, nil)
	if err != nil {
		return err
	}
	res, err := st.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d: %.200s", path, res.StatusCode, data)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// gateLog counts the lines that the gate logs, and keeps the first that tell of
// something that went wrong. An hour of them would fill the disk.
type gateLog struct {
	mu    sync.Mutex
	rest  []byte
	lines int64
	warns int64
	bad   []string
	first []string
}

// kept is how many lines are kept of each kind.
const kept = 50

func (l *gateLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	data := p
	if len(l.rest) > 0 {
		data = append(l.rest, p...)
	}
	for {
		line, after, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			break
		}
		data = after
		l.line(line)
	}
	l.rest = bytes.Clone(data)
	return len(p), nil
}

func (l *gateLog) line(line []byte) {
	if l.lines++; len(l.first) < 5 {
		l.first = append(l.first, string(line))
	}
	switch {
	case bytes.Contains(line, []byte(`"level":"ERROR"`)), bytes.Contains(line, []byte("panic")), bytes.Contains(line, []byte("goroutine ")):
		if len(l.bad) < kept {
			l.bad = append(l.bad, string(line))
		}
	case bytes.Contains(line, []byte(`"level":"WARN"`)):
		l.warns++
	}
}

// String is the first lines, for a gate that did not start.
func (l *gateLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.first, l.bad)
}

func (l *gateLog) counts() (lines, warns int64, bad []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, l.warns, append([]string(nil), l.bad...)
}

// pick is one of several.
func pick[T any](of []T) T { return of[rand.IntN(len(of))] }
