package gateway

import (
	"slices"
	"strings"
)

// caddy is a Caddyfile.
func (s *Setup) caddy() string {
	// What begins so goes as a whole.
	whole := func(name string) bool {
		return strings.HasPrefix(name, "Gate401-") || strings.HasPrefix(name, "X-Forwarded")
	}
	identity, others := slices.DeleteFunc(slices.Clone(s.Identity), whole), slices.DeleteFunc(s.others(), whole)
	clean := slices.Concat(identity, others)
	header := func(name string) string { return "{http.reverse_proxy.header." + name + "}" }
	set := func(name string) string { return "request_header " + name + " " + header(name) }
	var answers, down []string
	if s.CORS {
		for _, name := range append(corsFields(), "Vary") {
			matcher := "@" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
			answers = append(answers, matcher+" vars_regexp "+header(name)+" ^[A-Za-z*]", "header "+matcher+" "+name+" "+header(name))
			if name != "Vary" { // it adds up with what the API says
				down = append(down, "header_down -"+name)
			}
		}
	}
	host, port := s.listen()
	bind := ""
	if host != "" {
		bind = "bind " + host + "\n"
	}
	site := s.Public.Scheme + "://" + s.Public.Hostname()
	if strings.Contains(s.Public.Hostname(), ":") {
		site = s.Public.Scheme + "://[" + s.Public.Hostname() + "]"
	}
	site += ":" + port
	tls := ""
	if s.https() && s.Cert != "" {
		tls = "tls " + s.Cert + " " + s.Key + "\n"
	}
	api := s.Upstream.Scheme + "://" + s.Upstream.Host
	return fill(caddyText, map[string]string{
		"ISSUER": strings.Join(append([]string{""}, s.issuerPaths()...), " "),
		"SITE":   site, "BIND": bind, "TLS": tls, "GATE": s.Gate, "API": api, "PREFIX": s.Prefix, "HOST": s.Public.Host,
		"CLEAN":       lines(clean, func(n string) string { return "request_header -" + n }),
		"IDENTITY":    lines(append([]string{"X-Request-Id"}, s.told()...), set),
		"CREDENTIALS": lines(s.Credentials, func(n string) string { return "request_header -" + n }),
		"ANSWERS":     lines(answers, func(l string) string { return l }),
		"DOWN":        lines(down, func(l string) string { return l }),
	})
}

const caddyText = `# Caddy in front of the API; gate401 decides. Run the gate beside it: gate401 serve.
# This is what forward_auth stands for, written out: the shorthand lets every 2xx
# pass, and so would send a preflight that the gate answers to the API.

@SITE@ {
	@BIND@
	@TLS@
	# Nobody asks in the name of Caddy.
	@gate401_check path @PREFIX@/check @PREFIX@/check/*
	handle @gate401_check {
		respond 404
	}

	# The gate's own pages.
	@gate401_own path @PREFIX@/* /.well-known/oauth-protected-resource /.well-known/oauth-protected-resource/*@ISSUER@
	handle @gate401_own {
		reverse_proxy @GATE@
	}

	handle {
		# X_Auth_User and X.Auth_User, which many APIs read as X-Auth-User: as with
		# nginx, no field with such a name gets through.
		request_header -*_*
		request_header -*.*
		# What anybody can send, and some APIs believe.
		request_header -Gate401*
		request_header -X-Forwarded*
		@CLEAN@
		# Connection names fields that the next hop drops: those of the gate must
		# not be among them. Of all upgrades only WebSocket goes on.
		@websocket header_regexp Upgrade (?i)^websocket$
		@otherwise not header_regexp Upgrade (?i)^websocket$
		request_header @websocket Connection Upgrade
		request_header @otherwise -Connection
		request_header @otherwise -Upgrade

		# Ask the gate. 200 goes on, with what the gate says of who is asking;
		# everything else is the answer for the client, as it is.
		reverse_proxy @GATE@ {
			method GET
			rewrite @PREFIX@/check/caddy
			header_up X-Forwarded-Method {method}
			header_up X-Forwarded-Uri {uri}

			@allowed status 200
			handle_response @allowed {
				@IDENTITY@
				# The API sees no credential.
				@CREDENTIALS@
				# What the gate says to the client.
				header X-Request-Id {http.reverse_proxy.header.X-Request-Id}
				@ANSWERS@
			}

			# The gate answers this preflight itself.
			@preflight header Gate401-Status 204
			handle_response @preflight {
				copy_response_headers {
					exclude Gate401-Status Content-Length
				}
				respond 204
			}
		}

		# The API.
		reverse_proxy @API@ {
			header_down -X-Request-Id
			header_down -Gate401-Refused-By
			header_down -Gate401-Reason
			@DOWN@
		}
	}
}
`
