package gateway

import (
	"net"
	"slices"
	"strconv"
)

// traefik is a dynamic configuration, for the file provider.
func (s *Setup) traefik() string {
	clean := slices.Concat(s.Identity, s.others(), aliases(s.Identity, s.others()))
	host, port := s.listen()
	tls, certificates := "", ""
	if s.https() {
		tls = "tls: {}\n"
		cert, key := s.certificate()
		certificates = "tls:\n  certificates:\n    - {certFile: " + strconv.Quote(cert) + ", keyFile: " + strconv.Quote(key) + "}\n"
	}
	issuer := ""
	for _, path := range s.issuerPaths() {
		issuer += " || Path(`" + path + "`)"
	}
	remove := func(n string) string { return strconv.Quote(n) + `: ""` }
	return fill(traefikText, map[string]string{
		"ADDRESS": net.JoinHostPort(host, port), "HOST": s.Public.Hostname(), "PREFIX": s.Prefix, "GATE": s.Gate,
		"API": s.Upstream.Scheme + "://" + s.Upstream.Host, "TLS": tls, "CERTIFICATES": certificates, "ISSUER": issuer,
		"CLEAN":       lines(clean, remove),
		"IDENTITY":    lines(append([]string{"X-Request-Id"}, s.told()...), func(n string) string { return "- " + n }),
		"CREDENTIALS": lines(s.Credentials, remove),
	})
}

const traefikText = `# Traefik in front of the API; gate401 decides. This is a dynamic configuration:
# Traefik's own file names it, as in
#
#   entryPoints:
#     web: {address: "@ADDRESS@"}
#   providers:
#     file: {filename: /etc/traefik/gate401.yml}
#
# Run the gate beside it: gate401 serve.

http:
  routers:
    api:
      entryPoints: [web]
      rule: "Host(` + "`@HOST@`" + `)"
      @TLS@
      middlewares: [gate401-clean, gate401, gate401-strip]
      service: api
    # The gate's own pages; but nobody asks in the name of Traefik, so that what
    # begins like that is refused as the gate's own.
    gate401:
      entryPoints: [web]
      rule: "Host(` + "`@HOST@`" + `) && (PathPrefix(` + "`@PREFIX@/`" + `) || PathPrefix(` + "`/.well-known/oauth-protected-resource`" + `)@ISSUER@) && !PathPrefix(` + "`@PREFIX@/check`" + `)"
      @TLS@
      service: gate401

  middlewares:
    # What anybody can send, and some APIs believe; also as X_Auth_User and
    # X.Auth.User, which many read as X-Auth-User. An empty value takes a field out.
    gate401-clean:
      headers:
        customRequestHeaders:
          @CLEAN@

    # Ask the gate. 2xx goes on, everything else is the answer for the client.
    # Preflights of CORS are answered by Traefik's own headers middleware, put
    # before this one (accessControlAllowOriginList and so on).
    gate401:
      forwardAuth:
        address: "http://@GATE@@PREFIX@/check/traefik"
        trustForwardHeader: false
        # Taken from the gate, or taken out: never the client's.
        authResponseHeaders:
          @IDENTITY@

    # The API sees no credential.
    gate401-strip:
      headers:
        customRequestHeaders:
          "Gate401-Refusal": ""
          @CREDENTIALS@

  services:
    api:
      loadBalancer:
        servers:
          - url: "@API@"
    gate401:
      loadBalancer:
        servers:
          - url: "http://@GATE@"

@CERTIFICATES@
`
