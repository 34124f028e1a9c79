package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the benchmarks start this binary again as the other two ends of
// a measurement, so that their CPU time is not the proxy's.
func TestMain(m *testing.M) {
	switch role, arg, _ := strings.Cut(os.Getenv("GATE401_BENCH_ROLE"), " "); role {
	case "upstream":
		runUpstream()
	case "client":
		runClient(arg)
	default:
		goleak.VerifyTestMain(m)
	}
}

// runUpstream serves 1 KiB to everybody until its standard input ends.
func runUpstream() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	body := strings.Repeat("x", 1024)
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{"text/plain"}
			_, _ = io.WriteString(w, body)
		}))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// runClient reads a count from each line of its standard input, sends that many
// requests, and says so. The request is in the environment.
func runClient(addr string) {
	const connections = 64 // as many as keep a server busy
	var clients [connections]client
	for i := range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			panic(err)
		}
		clients[i] = client{c, bufio.NewReaderSize(c, 64<<10), []byte(os.Getenv("GATE401_BENCH_REQUEST"))}
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			panic(err)
		}
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				for j := i; j < n; j += connections {
					if err := clients[i].once(); err != nil {
						panic(err)
					}
				}
			})
		}
		wg.Wait()
		fmt.Println("done")
	}
}

// client sends one request over and over on one connection.
type client struct {
	c       net.Conn
	br      *bufio.Reader
	request []byte
}

func (c *client) once() error {
	if _, err := c.c.Write(c.request); err != nil {
		return err
	}
	length := 0
	for {
		line, err := c.br.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
	}
	_, err := c.br.Discard(length)
	return err
}
