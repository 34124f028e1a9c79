package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gate401/gate401/tools/rig"
)

// sample is one look at the gate.
type sample struct {
	At         time.Duration
	Phase      string // "before", "load" or "after"
	RSS, Heap  float64
	Goroutines int
	Files      int
	Threads    int
	CPU        time.Duration
	Done       int64
	Wrong      int64
}

// look takes one.
func (st *stage) look(ctx context.Context, began time.Time, phase string) (sample, error) {
	var r struct {
		Goroutines int     `json:"goroutines"`
		Heap       float64 `json:"heap_live_bytes"`
	}
	if err := st.ask(ctx, "/api/runtime", &r); err != nil {
		return sample{}, err
	}
	u, err := rig.UsageOf(st.gate.PID)
	if err != nil {
		return sample{}, err
	}
	done, wrong := st.tallies.total()
	return sample{
		At: time.Since(began), Phase: phase, RSS: float64(u.Resident) / (1 << 20), Heap: r.Heap / (1 << 20), Goroutines: r.Goroutines,
		Files: u.Files, Threads: u.Threads, CPU: u.CPU, Done: done, Wrong: wrong,
	}, nil
}

// diary keeps samples, and writes each at once: an hour may end early.
type diary struct {
	file    *os.File
	samples []sample
}

func newDiary(dir string) (*diary, error) {
	f, err := os.Create(filepath.Join(dir, "soak.csv"))
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("seconds,phase,rss_mib,heap_live_mib,goroutines,files,threads,cpu_seconds,requests,wrong\n")
	return &diary{file: f}, err
}

func (d *diary) add(s sample) error {
	d.samples = append(d.samples, s)
	_, err := fmt.Fprintf(d.file, "%.1f,%s,%.1f,%.1f,%d,%d,%d,%.2f,%d,%d\n",
		s.At.Seconds(), s.Phase, s.RSS, s.Heap, s.Goroutines, s.Files, s.Threads, s.CPU.Seconds(), s.Done, s.Wrong)
	return err
}

// phase is the samples of one phase.
func (d *diary) phase(name string) []sample {
	var out []sample
	for _, s := range d.samples {
		if s.Phase == name {
			out = append(out, s)
		}
	}
	return out
}

// series is one line of the picture.
type series struct {
	name string
	of   func(sample) float64
}

var lines = []series{
	{"resident memory, MiB", func(s sample) float64 { return s.RSS }},
	{"live heap, MiB", func(s sample) float64 { return s.Heap }},
	{"goroutines", func(s sample) float64 { return float64(s.Goroutines) }},
	{"open files", func(s sample) float64 { return float64(s.Files) }},
	{"answers that were wrong", func(s sample) float64 { return float64(s.Wrong) }},
}

// draw writes the samples as a picture, one band for each line.
func (d *diary) draw(path string) error {
	const width, band, left, top = 900, 110, 60, 24
	if len(d.samples) < 2 {
		return nil
	}
	last := d.samples[len(d.samples)-1].At.Seconds()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width+left+20, len(lines)*band+top+10)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="16">gate401 under load: %.0f minutes from left to right</text>`+"\n", left, last/60)
	for i, l := range lines {
		y, high := float64(top+i*band), 0.0
		for _, s := range d.samples {
			high = max(high, l.of(s))
		}
		if high == 0 {
			high = 1
		}
		fmt.Fprintf(&b, `<text x="%d" y="%.0f">%s</text><text x="4" y="%.0f">%.0f</text><text x="4" y="%.0f">0</text>`+"\n", left, y+14, l.name, y+30, high, y+band-12)
		fmt.Fprintf(&b, `<path d="M%d %.0fv%dh%d" stroke="#999" fill="none"/><polyline fill="none" stroke="#06c" points="`, left, y+20, band-36, width)
		for _, s := range d.samples {
			fmt.Fprintf(&b, "%.1f,%.1f ", left+s.At.Seconds()/last*width, y+float64(band)-16-l.of(s)/high*(band-36))
		}
		b.WriteString(`"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// slope is by how much a line rises in an hour, by least squares.
func slope(samples []sample, of func(sample) float64) (perHour, mean float64) {
	if len(samples) == 0 {
		return 0, 0
	}
	var sx, sy, sxx, sxy float64
	for _, s := range samples {
		x, y := s.At.Hours(), of(s)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	n := float64(len(samples))
	if d := n*sxx - sx*sx; d > 0 {
		perHour = (n*sxy - sx*sy) / d
	}
	return perHour, sy / n
}
