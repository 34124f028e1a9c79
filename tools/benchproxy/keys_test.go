package main

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/tools/rig"
)

// BenchmarkFirstUse is what the first use of a key costs in the gate itself, its
// second use, and to write both down, of so many keys that are used in turn.
func BenchmarkFirstUse(b *testing.B) {
	const n = 90_000 // no more than are written down at once
	dir := b.TempDir()
	m, err := rig.NewMaterial(b.Context(), dir, 10, 10)
	if err != nil {
		b.Fatal(err)
	}
	keys, err := m.Multiply(b.Context(), "many.db", n)
	if err != nil {
		b.Fatal(err)
	}
	text := m.Settings(rig.Gate{Name: "gate", Upstream: "http://127.0.0.1:1", Records: "many.db", Rules: 10}, "127.0.0.1:0")
	cfg, err := config.Load(filepath.Join(dir, "gate.yaml"), []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	w := watch.New(file, watch.Options{})
	defer func() { _ = w.Close() }()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /key/7 HTTP/1.1\r\nHost: 127.0.0.1:8401\r\nX-API-Key: x\r\n\r\n")))
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:1234"
	var first, second, write float64
	for b.Loop() {
		stores, err := storage.Open(b.Context(), cfg, nil)
		if err != nil {
			b.Fatal(err)
		}
		system, err := build.New(cfg, stores, build.Options{PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Watch: w})
		if err != nil {
			b.Fatal(err)
		}
		// CPU, because time on the clock says little on a machine that does other
		// work too.
		var at [4]float64
		mark := func(i int) {
			d, _ := rig.CPU(os.Getpid())
			at[i] = float64(d.Nanoseconds())
		}
		mark(0)
		for turn := range 2 {
			for _, k := range keys {
				r.Header["X-Api-Key"][0] = k
				if _, d := system.Gate.Judge(r); !d.Allow {
					b.Fatal(d.Denial)
				}
			}
			mark(turn + 1)
		}
		if err := system.Close(); err != nil {
			b.Fatal(err)
		}
		mark(3)
		if err := stores.Close(); err != nil {
			b.Fatal(err)
		}
		first, second, write = first+at[1]-at[0], second+at[2]-at[1], write+at[3]-at[2]
	}
	each := float64(b.N) * n
	b.ReportMetric(first/each, "first-cpu-ns")
	b.ReportMetric(second/each, "again-cpu-ns")
	b.ReportMetric(write/each, "write-cpu-ns")
}
