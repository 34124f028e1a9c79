// Command net-http is an API with a gate in front, on the standard library.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/examples/shop"
	"github.com/gate401/gate401/reason"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	s, err := shop.Open(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "fine") })
	mux.HandleFunc("GET /short", s.ShortToken)
	mux.HandleFunc("GET /events", shop.Events)
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		id, _ := gate401.IdentityFrom(r.Context())
		fmt.Fprintln(w, "orders of", id.Subject)
	})
	mux.HandleFunc("GET /orders/{id}", order)

	l, err := s.Listen(os.Stdout, *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: s.Gate.Protect(mux), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// order checks what no rule can know: whose order it is. Deny refuses as the gate
// does, and tells its Observe.
func order(w http.ResponseWriter, r *http.Request) {
	id, _ := gate401.IdentityFrom(r.Context())
	owner, ok := shop.Owner(r.PathValue("id"))
	switch {
	case !ok:
		http.NotFound(w, r)
	case owner != id.Subject:
		gate401.Deny(w, r, reason.NotOwner)
	default:
		fmt.Fprintln(w, "order", r.PathValue("id"), "of", owner) //nolint:gosec // it is the number of an order that exists
	}
}
