package gateway

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// envoy is a complete bootstrap configuration.
func (s *Setup) envoy() string {
	host, listen := s.listen()
	if host == "" {
		host = "0.0.0.0"
	}
	socket := func(u *url.URL) string {
		return "{address: " + strconv.Quote(u.Hostname()) + ", port_value: " + strconv.Itoa(port(u)) + "}"
	}
	gateHost, gatePort, _ := net.SplitHostPort(s.Gate) // check looked at it
	downstream, upstream := "", ""
	if s.https() {
		cert, key := s.certificate()
		downstream = fill(envoyDownstream, map[string]string{"CERT": strconv.Quote(cert), "KEY": strconv.Quote(key)})
	}
	if s.Upstream.Scheme == "https" {
		upstream = fill(envoyUpstream, map[string]string{"SNI": strconv.Quote(s.Upstream.Hostname())})
	}
	exact := func(n string) string { return "- {exact: " + strconv.Quote(strings.ToLower(n)) + "}" }
	// Envoy refuses names with "_" as a whole.
	remove := slices.DeleteFunc(slices.Concat(s.others(), aliases(s.Identity, s.others())), func(n string) bool { return strings.Contains(n, "_") })
	remove = append(remove, s.Credentials...)
	answers := []string{"X-Request-Id"}
	if s.CORS {
		answers = append(append(answers, corsFields()...), "Vary")
	}
	return fill(envoyText, map[string]string{
		"ISSUER": lines(s.issuerPaths(), func(path string) string {
			return "- match: {path: " + path + "}\n  route: {cluster: gate401}\n  typed_per_filter_config: *unasked"
		}),
		"ADDRESS": "{address: " + strconv.Quote(host) + ", port_value: " + listen + "}", "PREFIX": s.Prefix, "GATE": s.Gate,
		"GATE_SOCKET": "{address: " + strconv.Quote(gateHost) + ", port_value: " + gatePort + "}", "API_SOCKET": socket(s.Upstream),
		"DOWNSTREAM_TLS": downstream, "UPSTREAM_TLS": upstream,
		"ASKED":    lines(slices.Concat(asked(), s.credentials()), exact),
		"IDENTITY": lines(append([]string{"X-Request-Id"}, s.told()...), exact),
		"ANSWERS":  lines(answers, exact),
		"REMOVE":   lines(remove, func(n string) string { return "- " + strconv.Quote(strings.ToLower(n)) }),
	})
}

// asked are the fields that a decision or its answer may depend on. Envoy sends
// no others, but for Authorization, Host, method and path.
func asked() []string {
	return []string{
		"X-Forwarded-For", "X-Forwarded-Proto", "Cookie", "DPoP", "Accept", "Accept-Language", "Content-Type", "User-Agent", "X-Request-Id",
		"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers",
		"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-Purpose",
		// Where people put a credential by mistake: the answer tells them.
		"Authorisation", "X-Authorization", "X-Authorisation", "Autorization",
	}
}

// credentials are the fields that hold one, beside Authorization, which Envoy
// always sends.
func (s *Setup) credentials() []string {
	return slices.DeleteFunc(slices.Clone(s.Credentials), func(n string) bool { return strings.EqualFold(n, "Authorization") })
}

const envoyDownstream = `transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
    common_tls_context:
      tls_certificates:
        - certificate_chain: {filename: @CERT@}
          private_key: {filename: @KEY@}
`

const envoyUpstream = `transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    sni: @SNI@
    common_tls_context:
      validation_context:
        trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}
        match_typed_subject_alt_names:
          - {san_type: DNS, matcher: {exact: @SNI@}}
`

const envoyText = `# Envoy in front of the API; gate401 decides. Run the gate beside it: gate401 serve.
# envoy -c this-file

static_resources:
  listeners:
    - name: front
      address: {socket_address: @ADDRESS@}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: front
                # Envoy is the edge: X-Forwarded-For ends with the client's own
                # address, X-Forwarded-Proto is what the client spoke.
                use_remote_address: true
                # What is judged is what is forwarded.
                normalize_path: true
                merge_slashes: false
                path_with_escaped_slashes_action: REJECT_REQUEST
                # X_Auth_User, which many APIs read as X-Auth-User.
                common_http_protocol_options:
                  headers_with_underscores_action: REJECT_REQUEST
                upgrade_configs:
                  - upgrade_type: websocket
                route_config:
                  name: front
                  virtual_hosts:
                    - name: front
                      domains: ["*"]
                      routes:
                        # Nobody asks in the name of Envoy.
                        - match: {path_separated_prefix: @PREFIX@/check}
                          direct_response: {status: 404}
                          typed_per_filter_config: &unasked
                            envoy.filters.http.ext_authz:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                              disabled: true
                        # The gate's own pages.
                        - match: {path_separated_prefix: @PREFIX@}
                          route: {cluster: gate401}
                          typed_per_filter_config: *unasked
                        - match: {path_separated_prefix: /.well-known/oauth-protected-resource}
                          route: {cluster: gate401}
                          typed_per_filter_config: *unasked
                        @ISSUER@
                        - match: {prefix: /}
                          route: {cluster: api, timeout: 0s}
                          # Credentials, which the API does not see, and what
                          # anybody can send and some APIs believe.
                          request_headers_to_remove:
                            @REMOVE@
                http_filters:
                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      transport_api_version: V3
                      failure_mode_allow: false
                      # Envoy takes a 5xx of the gate for a gate that is away:
                      # 503 comes without the gate's body.
                      status_on_error: {code: ServiceUnavailable}
                      allowed_headers:
                        patterns:
                          @ASKED@
                      http_service:
                        server_uri: {uri: "http://@GATE@", cluster: gate401, timeout: 10s}
                        path_prefix: @PREFIX@/check/envoy
                        authorization_response:
                          # All of them are in every answer of the gate, so that
                          # none is the client's.
                          allowed_upstream_headers:
                            patterns:
                              @IDENTITY@
                          # On a refusal everything goes to the client; this is
                          # for what is allowed.
                          allowed_client_headers_on_success:
                            patterns:
                              @ANSWERS@
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          @DOWNSTREAM_TLS@

  clusters:
    - name: gate401
      type: STRICT_DNS
      connect_timeout: 2s
      load_assignment:
        cluster_name: gate401
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: @GATE_SOCKET@}}
    - name: api
      type: STRICT_DNS
      connect_timeout: 5s
      load_assignment:
        cluster_name: api
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: @API_SOCKET@}}
      @UPSTREAM_TLS@
`
