package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Load is made by wrk with one thread and 64 connections, on the second core.
const (
	loadCore    = 1
	serverCore  = 0
	connections = 64
)

// result is what wrk counted.
type result struct {
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
	Connect  int     `json:"connect"`
	Read     int     `json:"read"`
	Write    int     `json:"write"`
	Status   int     `json:"status"` // answers of 400 and above
	Timeout  int     `json:"timeout"`

	CPU time.Duration `json:"-"` // that wrk itself took
}

// script is the load in Lua, for wrk. A single request is given as wrk's own, so
// that no Lua runs for it.
func (l load) script(host string) string {
	var b strings.Builder
	if l.values == "" {
		fmt.Fprintf(&b, "wrk.path = %s\n", lua(l.path))
		for _, f := range l.fields {
			name, value, _ := strings.Cut(f, ": ")
			fmt.Fprintf(&b, "wrk.headers[%s] = %s\n", lua(name), lua(value))
		}
	} else {
		text := "GET " + l.path + " HTTP/1.1\r\nHost: " + host + "\r\n"
		for _, f := range l.fields {
			text += f + "\r\n"
		}
		before, after, _ := strings.Cut(text+"\r\n", "%s")
		fmt.Fprintf(&b, "local before, after, values, n, i = %s, %s, {}, 0, 0\n", lua(before), lua(after))
		fmt.Fprintf(&b, "for line in io.lines(%s) do n = n + 1; values[n] = line end\n", lua(l.values))
		if !l.once {
			b.WriteString("math.randomseed(os.time())\ni = math.random(n)\n") // not the same ones first in each turn
		}
		// Few are made ready; a million of them would not fit.
		b.WriteString("local ready = n <= 10000\nif ready then for j = 1, n do values[j] = before .. values[j] .. after end end\n")
		b.WriteString("request = function()\n  i = i % n + 1\n  if ready then return values[i] end\n  return before .. values[i] .. after\nend\n")
		if l.once {
			// When some come again, all that came before were answered.
			fmt.Fprintf(&b, "local one, sent = request, 0\nrequest = function()\n  sent = sent + 1\n"+
				"  if sent == n + %d then io.write(%s); io.flush() end\n  return one()\nend\n", 4*connections, lua(allSent))
		}
	}
	b.WriteString(`done = function(s, latency, _)
  io.write(string.format('\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    s.requests, s.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    s.errors.connect, s.errors.read, s.errors.write, s.errors.status, s.errors.timeout))
end
`)
	return b.String()
}

// lua quotes a string. Those of this program are ASCII.
func lua(s string) string { return strconv.QuoteToASCII(s) }

// allSent is what the script says when each value was sent once.
const allSent = "\nALL\n"

// onceLimit is how long each of very many values may take, all together.
const onceLimit = 30 * time.Minute

// interrupter keeps what it gets, and interrupts wrk when all was sent: it then
// ends as if its time were up.
type interrupter struct {
	out  bytes.Buffer // no part of it, or it would be read into without Write
	cmd  *exec.Cmd
	done bool
}

// Write keeps b.
func (w *interrupter) Write(b []byte) (int, error) {
	n, err := w.out.Write(b)
	if !w.done && bytes.Contains(w.out.Bytes(), []byte(allSent)) {
		w.done = true
		return n, errors.Join(err, w.cmd.Process.Signal(os.Interrupt))
	}
	return n, err
}

// wrk runs a load for so long, or until all was sent once.
func wrk(ctx context.Context, script, url string, length time.Duration, once bool) (result, error) {
	if once {
		length = onceLimit
	}
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "taskset", "-c", strconv.Itoa(loadCore), "wrk", "-t1", "-c"+strconv.Itoa(connections),
		"-d"+strconv.Itoa(max(1, int(length/time.Second)))+"s", "--timeout", "30s", "-s", script, url)
	w := &interrupter{cmd: cmd}
	cmd.Stdout, cmd.Stderr = w, w
	err := cmd.Run()
	out := w.out.Bytes()
	if err == nil && once && !w.done {
		err = errors.New("not everything was sent in time")
	}
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	_, line, ok := bytes.Cut(out, []byte("\nRESULT "))
	if !ok {
		return result{}, fmt.Errorf("wrk reported nothing: %s", out)
	}
	var r result
	if err := json.NewDecoder(bytes.NewReader(line)).Decode(&r); err != nil {
		return result{}, fmt.Errorf("wrk: %w: %s", err, line)
	}
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, nil
}

// check tells whether all answers were what they had to be: below 400, or all of
// them refusals.
func (r result) check(want int) error {
	wrong := r.Status
	if want >= 400 {
		wrong = r.Requests - r.Status
	}
	switch {
	case r.Requests == 0:
		return errors.New("not one request was answered")
	case wrong != 0:
		return fmt.Errorf("%d of %d answers were not %d", wrong, r.Requests, want)
	case r.Connect+r.Read+r.Write+r.Timeout != 0:
		return fmt.Errorf("connections broke: %+v", r)
	}
	return nil
}
