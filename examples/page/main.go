// Command page is a site behind the gate: two pages that anybody may open, and an
// API for each. It looks at nothing but what the gate tells it.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

//go:embed site
var site embed.FS

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
	server := &http.Server{Handler: handler(), ReadHeaderTimeout: 10 * time.Second}
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

func handler() http.Handler {
	pages, err := fs.Sub(site, "site")
	if err != nil {
		log.Fatal(err)
	}
	files := http.FileServerFS(pages)
	m := http.NewServeMux()
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// No inline script, no other site: a page that holds tokens should not run
		// what somebody else wrote.
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
	m.HandleFunc("/api/orders/{id}", order)
	m.HandleFunc("/session/orders/{id}", order)
	return m
}

func order(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"id": r.PathValue("id"), "of": r.Header.Get("Gate401-Subject"), "by": r.Header.Get("Gate401-Method"),
	})
}
