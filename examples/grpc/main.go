// Command grpc is a gRPC server with a gate in front, in one process.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/gate401/gate401/examples/shop"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	s, err := shop.Open(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	l, err := s.Listen(os.Stdout, *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(newServer(s.Gate).Serve(l))
}
