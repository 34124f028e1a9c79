// Command api is an API without any protection of its own, for the examples: it
// answers with what it was told about who is asking.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:3000", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", *listen)
	if err != nil {
		stop()
		log.Fatal(err)
	}
	fmt.Println("listening", l.Addr())
	server := &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		soon, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(soon)
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

// answer says which request came, and every field by which a gate says who is
// asking. A credential must not be among them; if it is, that is said too.
func answer(w http.ResponseWriter, r *http.Request) {
	// Without a type it would be guessed from what the client sent.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintln(w, r.Method, r.URL.Path) //nolint:gosec // as text
	var names []string
	for name := range r.Header {
		if strings.HasPrefix(name, "Gate401-") || name == "Authorization" || name == "X-Api-Key" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		value := strings.Join(r.Header[name], ", ")
		if !strings.HasPrefix(name, "Gate401-") {
			value = "(a credential, which should not be here)"
		}
		fmt.Fprintln(w, name+":", value) //nolint:gosec // as text
	}
}
