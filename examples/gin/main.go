// Command gin is an API with a gate in front, on gin.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/examples/shop"
	"github.com/gate401/gate401/reason"
)

// protect is the gate as a middleware of gin: the handlers behind it see the
// request that the gate let through, and none of them runs after a refusal.
func protect(gate *gate401.Gate) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		gate.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

// deny refuses from a handler, as the gate does.
func deny(c *gin.Context, code reason.Code) {
	gate401.Deny(c.Writer, c.Request, code)
	c.Abort()
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	s, err := shop.Open(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}

	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	// gin redirects to another spelling of the path before any middleware runs,
	// and so tells anybody which paths there are.
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.Use(gin.Recovery(), protect(s.Gate))
	r.GET("/health", func(c *gin.Context) { c.String(http.StatusOK, "fine\n") })
	r.GET("/short", gin.WrapF(s.ShortToken))
	r.GET("/events", gin.WrapF(shop.Events))
	r.GET("/orders", func(c *gin.Context) {
		id, _ := gate401.IdentityFrom(c.Request.Context())
		c.String(http.StatusOK, "orders of %s\n", id.Subject)
	})
	r.GET("/orders/:id", order)

	l, err := s.Listen(os.Stdout, *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// order checks what no rule can know: whose order it is.
func order(c *gin.Context) {
	id, _ := gate401.IdentityFrom(c.Request.Context())
	owner, ok := shop.Owner(c.Param("id"))
	switch {
	case !ok:
		c.String(http.StatusNotFound, "there is no such order\n")
	case owner != id.Subject:
		deny(c, reason.NotOwner)
	default:
		c.String(http.StatusOK, "order %s of %s\n", c.Param("id"), owner)
	}
}
