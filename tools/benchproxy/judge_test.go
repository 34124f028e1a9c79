package main

import (
	"bufio"
	"io"
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
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// BenchmarkJudge is what the gate itself does for the loads of the measurement,
// without connections: decide, log, trace, and write a refusal.
func BenchmarkJudge(b *testing.B) {
	m, err := rig.NewMaterial(b.Context(), b.TempDir(), 1000, 1000)
	if err != nil {
		b.Fatal(err)
	}
	text := m.Settings(rig.Gate{Name: "gate", Upstream: "http://127.0.0.1:1", Records: "records.db", Rules: 10}, "127.0.0.1:0")
	cfg, err := config.Load("gate.yaml", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	w := watch.New(file, watch.Options{})
	stores, err := storage.Open(b.Context(), cfg, nil)
	if err != nil {
		b.Fatal(err)
	}
	system, err := build.New(cfg, stores, build.Options{PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Watch: w})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, err := range []error{system.Close(), stores.Close(), w.Close(), file.Close()} {
			if err != nil {
				b.Error(err)
			}
		}
	})
	bearer := func(tokens ...string) []string {
		out := make([]string, len(tokens))
		for i, t := range tokens {
			out[i] = "Authorization: Bearer " + t
		}
		return out
	}
	for _, x := range []struct {
		name, path string
		fields     []string
		allow      bool
	}{
		{"open", "/open/7", []string{"Accept: */*"}, true},
		{"rs256", "/rs256/7", bearer(m.Tokens[token.RS256]...), true},
		{"basic", "/basic/7", []string{basic()}, true},
		{"key", "/key/7", []string{"X-API-Key: " + m.Keys[0], "X-API-Key: " + m.Keys[1]}, true},
		{"none", "/rs256/7", []string{"Accept: */*"}, false},
		{"garbage", "/rs256/7", bearer(m.Bad["garbage"]), false},
		{"algorithm", "/rs256/7", bearer(m.Bad["algorithm"]), false},
		{"kid", "/rs256/7", bearer(m.Bad["key"]), false},
		{"signature", "/rs256/7", bearer(m.Bad["signature"]), false},
	} {
		b.Run(x.name, func(b *testing.B) {
			var requests []*http.Request
			for _, f := range x.fields {
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + x.path + " HTTP/1.1\r\nHost: 127.0.0.1:8401\r\n" + f + "\r\n\r\n")))
				if err != nil {
					b.Fatal(err)
				}
				r.RemoteAddr = "127.0.0.1:1234"
				requests = append(requests, r)
			}
			one := func(i int) bool {
				r, d := system.Gate.Judge(requests[i%len(requests)])
				if !d.Allow {
					system.Gate.Responder.Respond(&discard{header: http.Header{}}, r, d)
				}
				return d.Allow
			}
			for i := range requests {
				if one(i) != x.allow {
					b.Fatalf("allowed %v, want %v", !x.allow, x.allow)
				}
			}
			b.ReportAllocs()
			// Time on the clock says little on a machine that does other work too.
			before, _ := rig.CPU(os.Getpid())
			for i := 0; b.Loop(); i++ {
				one(i)
			}
			after, _ := rig.CPU(os.Getpid())
			b.ReportMetric(float64((after-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// discard is a client who reads nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
