package gateway

import (
	"net"
	"slices"
	"strings"
)

// nginx is a file for the http block, such as /etc/nginx/conf.d/gate401.conf.
func (s *Setup) nginx() string {
	variable := func(name string) string {
		return "$gate401_h_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
	}
	upstream := func(name string) string {
		return "$upstream_http_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
	}
	padded := func(directive, name, value string) string {
		return directive + " " + name + strings.Repeat(" ", max(1, 32-len(name))) + value + ";"
	}
	host, port := s.listen()
	listen := port
	if host != "" {
		listen = net.JoinHostPort(host, port)
	}
	tls, redirect := "", ""
	if s.https() {
		cert, key := s.certificate()
		listen += " ssl http2"
		tls = "ssl_certificate     " + cert + ";\nssl_certificate_key " + key + ";\nssl_protocols       TLSv1.2 TLSv1.3;\n"
		if port == "443" {
			redirect = "# Plain http is for those who do not know better, and asks for nothing.\nserver {\n    listen 80;\n    server_name " +
				s.Public.Hostname() + ";\n    return 301 https://" + s.Public.Host + "$request_uri;\n}\n"
		}
	}
	var answers []string
	if s.CORS {
		answers = append(corsFields(), "Vary")
	}
	cors := lines(answers, func(n string) string {
		add := padded("add_header", n, variable(n)+" always")
		if n == "Vary" {
			return add // it adds up with what the API says
		}
		return "proxy_hide_header " + n + ";\n" + add
	})
	api := s.Upstream.Host
	if s.Upstream.Port() == "" && s.Upstream.Scheme == "https" {
		api += ":443"
	}
	upstreamTLS := ""
	if s.Upstream.Scheme == "https" {
		upstreamTLS = "proxy_ssl_server_name on;\nproxy_ssl_name        " + s.Upstream.Hostname() + ";\nproxy_ssl_verify      on;\n" +
			"proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\n"
	}
	known := ""
	for _, path := range append([]string{"/.well-known/oauth-protected-resource"}, exactly(s.issuerPaths())...) {
		known += fill(nginxOwn, map[string]string{"PATH": path, "HOST": s.Public.Host})
	}
	return fill(nginxText, map[string]string{
		"WELL_KNOWN": known,
		"GATE":       s.Gate, "API": api, "SCHEME": s.Upstream.Scheme, "PREFIX": s.Prefix, "LISTEN": listen, "TLS": tls, "REDIRECT": redirect,
		"NAME": s.Public.Hostname(), "HOST": s.Public.Host, "PROTO": s.Public.Scheme, "UPSTREAM_TLS": upstreamTLS, "CORS": cors,
		"KEPT": lines(slices.Concat(s.told(), answers), func(n string) string {
			return "auth_request_set " + variable(n) + " " + upstream(n) + ";"
		}),
		"IDENTITY":    lines(s.told(), func(n string) string { return padded("proxy_set_header", n, variable(n)) }),
		"CREDENTIALS": lines(s.Credentials, func(n string) string { return padded("proxy_set_header", n, `""`) }),
		"OTHERS":      lines(s.others(), func(n string) string { return padded("proxy_set_header", n, `""`) }),
	})
}

// exactly are locations of these paths alone.
func exactly(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = "= " + path
	}
	return out
}

const nginxOwn = `location @PATH@ {
    auth_request off;
    proxy_pass http://gate401_gate;
    proxy_http_version 1.1;
    proxy_set_header Connection        "";
    proxy_set_header Host              @HOST@;
    proxy_set_header X-Forwarded-For   $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host  @HOST@;
}
`

const nginxText = `# nginx in front of the API; gate401 decides. Put it into the http block, as
# /etc/nginx/conf.d/gate401.conf, and run the gate beside it: gate401 serve.

upstream gate401_gate {
    server @GATE@;
    keepalive 32;
}

upstream gate401_api {
    server @API@;
    keepalive 32;
}

# Of all upgrades only WebSocket: h2c would carry requests that nobody judges.
map $http_upgrade $gate401_upgrade {
    default       "";
    ~*^websocket$ websocket;
}
map $gate401_upgrade $gate401_connection {
    default upgrade;
    ""      "";
}

@REDIRECT@
server {
    listen @LISTEN@;
    server_name @NAME@;
    @TLS@

    # X_Auth_User and X.Auth.User, which many upstreams read as X-Auth-User, do
    # not get through. These are the defaults, and must stay so.
    underscores_in_headers off;
    ignore_invalid_headers on;
    large_client_header_buffers 4 16k;

    # Every location asks the gate, unless it says "auth_request off".
    auth_request     /.gate401/check;
    auth_request_set $gate401_refusal    $upstream_http_gate401_refusal;
    auth_request_set $gate401_request_id $upstream_http_x_request_id;
    @KEPT@

    # nginx knows 401 and 403 alone and drops the body: the true answer of the
    # gate is in $gate401_refusal, and the gate unpacks it. 500 is what nginx
    # makes of a gate that is away.
    error_page 401 403 = /.gate401/refused;
    error_page 500 =503 /.gate401/away;

    # The API. A location of your own with a proxy_set_header has none of these:
    # repeat them all there.
    location / {
        proxy_pass @SCHEME@://gate401_api;
        @UPSTREAM_TLS@
        proxy_http_version 1.1;
        proxy_set_header Upgrade    $gate401_upgrade;
        proxy_set_header Connection $gate401_connection;

        proxy_set_header Host              @HOST@;
        proxy_set_header X-Forwarded-For   $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host  @HOST@;

        # Who is asking, as the gate says; an empty one is not sent.
        proxy_set_header X-Request-Id $gate401_request_id;
        @IDENTITY@

        # The API sees no credential.
        @CREDENTIALS@

        # What anybody can send, and some upstreams believe.
        @OTHERS@

        # What the gate says to the client.
        proxy_hide_header X-Request-Id;
        proxy_hide_header Gate401-Refused-By;
        proxy_hide_header Gate401-Reason;
        add_header X-Request-Id $gate401_request_id always;
        @CORS@
    }

    # The gate's own pages; but nobody asks in the name of nginx.
    location @PREFIX@/ {
        auth_request off;
        proxy_pass http://gate401_gate;
        proxy_http_version 1.1;
        proxy_set_header Connection        "";
        proxy_set_header Host              @HOST@;
        proxy_set_header X-Forwarded-For   $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host  @HOST@;
    }
    location @PREFIX@/check {
        auth_request off;
        return 404;
    }
    @WELL_KNOWN@

    # The question: the fields of the client as they are, the request line in
    # fields of its own, no body.
    location = /.gate401/check {
        internal;
        auth_request off;
        proxy_pass http://gate401_gate@PREFIX@/check/nginx/sealed;
        proxy_pass_request_body off;
        proxy_http_version 1.1;
        proxy_set_header Connection        "";
        proxy_set_header Upgrade           "";
        proxy_set_header Content-Length    "";
        proxy_set_header Gate401-Refusal   "";
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI    $request_uri;
        proxy_set_header X-Original-URL    "";
        proxy_set_header X-Forwarded-For   $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host  @HOST@;
        # A refusal is one long field.
        proxy_buffer_size       32k;
        proxy_buffers           4 32k;
        proxy_busy_buffers_size 64k;
        proxy_connect_timeout   2s;
        proxy_read_timeout      15s;
    }

    # The answer: status, every challenge in a field of its own, and the body.
    location = /.gate401/refused {
        internal;
        auth_request off;
        proxy_pass http://gate401_gate@PREFIX@/check/nginx/refusal;
        proxy_method GET;
        proxy_pass_request_body off;
        proxy_pass_request_headers off;
        proxy_http_version 1.1;
        proxy_set_header Connection      "";
        proxy_set_header Content-Length  "";
        proxy_set_header Gate401-Refusal $gate401_refusal;
        proxy_buffer_size       32k;
        proxy_buffers           4 32k;
        proxy_busy_buffers_size 64k;
    }

    location = /.gate401/away {
        internal;
        auth_request off;
        default_type application/problem+json;
        add_header Cache-Control no-store always;
        add_header Retry-After   5 always;
        return 503 '{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Who is asking could not be checked just now. Send the same request again later."}\n';
    }
}
`
