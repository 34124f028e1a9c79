package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
)

// BenchmarkStart is the time from the start of the process to its first whole
// answer, which a client that is already waiting reads.
func BenchmarkStart(b *testing.B) {
	var all []time.Duration
	for b.Loop() {
		address := foreign.FreeAddress(b)
		cmd := exec.Command(binary, "mock", "--listen", address)
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		status := firstAnswer(b, address, began)
		all = append(all, time.Since(began))
		b.StopTimer()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if status != http.StatusOK {
			b.Fatalf("the first answer is %d", status)
		}
		b.StartTimer()
	}
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(all[len(all)/2]), "ms-median")
	b.ReportMetric(ms(all[len(all)-1]), "ms-worst")
}

// firstAnswer asks until somebody answers.
func firstAnswer(b *testing.B, address string, began time.Time) int {
	for time.Since(began) < 30*time.Second {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		_ = c.Close()
		res, err := http.Get("http://" + address + "/status/200")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		return res.StatusCode
	}
	b.Fatal("nobody answers")
	return 0
}

// BenchmarkSessions gives ten thousand sessions of one process a login, a request
// that is refused and one that is served, and says how much memory the process
// has then, and had at most, with the journal of it all.
func BenchmarkSessions(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("the memory of another process is read from /proc")
	}
	const sessions, clients = 10_000, 4
	for b.Loop() {
		s := startMock(b)
		began := time.Now()
		ids := make(chan string)
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				c := &http.Client{Transport: &http.Transport{}}
				defer c.CloseIdleConnections()
				for id := range ids {
					if err := live(c, s.URL+"/s/"+id); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for i := range sessions {
			ids <- fmt.Sprintf("token-life-refused-once--%d", i)
		}
		close(ids)
		wg.Wait()
		b.ReportMetric(float64(3*sessions)/time.Since(began).Seconds(), "requests/s")
		b.ReportMetric(memory(b, s.PID, "VmRSS"), "MiB")
		b.ReportMetric(memory(b, s.PID, "VmHWM"), "MiB-peak")
		// All of them are still there, the first one included.
		var list struct{ Count int }
		s.api(http.MethodGet, "sessions", nil, &list)
		var first struct{ Logins, Requests int }
		s.api(http.MethodGet, "sessions/token-life-refused-once--0", nil, &first)
		if list.Count != sessions || first.Logins != 1 || first.Requests != 2 {
			b.Errorf("%d sessions are there, the first one with %+v", list.Count, first)
		}
		var journal struct{ Stats map[string]any }
		s.api(http.MethodGet, "journal?limit=1", nil, &journal)
		b.Logf("the journal: %v", journal.Stats)
	}
}

// live logs in, is refused once and is served.
func live(c *http.Client, world string) error {
	res, err := c.Post(world+"/login", "application/json", bytes.NewReader([]byte(`{"username":"alice","password":"wonderland"}`)))
	if err != nil {
		return err
	}
	var tokens struct {
		Access string `json:"access_token"`
	}
	err = json.NewDecoder(res.Body).Decode(&tokens)
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if err != nil || tokens.Access == "" {
		return fmt.Errorf("%s: no token: %w", world, err)
	}
	for _, want := range []int{http.StatusUnauthorized, http.StatusOK} {
		req, err := http.NewRequest(http.MethodGet, world+"/api/orders", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+tokens.Access)
		res, err := c.Do(req)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			return fmt.Errorf("%s: %d, want %d", world, res.StatusCode, want)
		}
	}
	return nil
}

// memory is a figure of the process in MiB, as the kernel counts it.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB$`).FindSubmatch(status)
	if m == nil {
		b.Fatalf("no %s in\n%s", name, status)
	}
	kib, _ := strconv.Atoi(string(m[1]))
	return float64(kib) / 1024
}
