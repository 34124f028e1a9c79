// Command echo is an API with a gate in front, on echo.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v5"

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

	e := echo.New()
	// Pre runs before the router: the gate judges first, and what it hands on is
	// what the router sees.
	e.Pre(echo.WrapMiddleware(s.Gate.Protect))
	e.GET("/health", func(c *echo.Context) error { return c.String(http.StatusOK, "fine\n") })
	e.GET("/short", echo.WrapHandler(http.HandlerFunc(s.ShortToken)))
	e.GET("/events", echo.WrapHandler(http.HandlerFunc(shop.Events)))
	e.GET("/orders", func(c *echo.Context) error {
		id, _ := gate401.IdentityFrom(c.Request().Context())
		return c.String(http.StatusOK, "orders of "+id.Subject+"\n")
	})
	e.GET("/orders/:id", order)

	l, err := s.Listen(os.Stdout, *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// order checks what no rule can know: whose order it is. The refusal is written
// by then, so that echo has no error to answer.
func order(c *echo.Context) error {
	id, _ := gate401.IdentityFrom(c.Request().Context())
	owner, ok := shop.Owner(c.Param("id"))
	switch {
	case !ok:
		return echo.ErrNotFound
	case owner != id.Subject:
		gate401.Deny(c.Response(), c.Request(), reason.NotOwner)
		return nil
	}
	return c.String(http.StatusOK, "order "+c.Param("id")+" of "+owner+"\n")
}
