package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gate401/gate401/tools/rig"
)

// upstreamBody is what the API behind everything answers.
const upstreamBody = `{"id":7,"items":[{"sku":"A-1","quantity":2},{"sku":"B-2","quantity":1}],"total":1200,"currency":"EUR"}`

// nginx starts one without a master process, with what is given for its servers.
func (st *stage) nginx(ctx context.Context, name, addr string, core int, servers string) (*rig.Process, error) {
	dir := filepath.Join(st.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	text := fmt.Sprintf(`%[1]s
daemon off;
master_process off;
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[2]s/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  default_type application/json;
  client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/fastcgi; uwsgi_temp_path %[2]s/uwsgi; scgi_temp_path %[2]s/scgi;
%[3]s
}
`, user, dir, servers)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return rig.Start(ctx, rig.Command{Name: name, Path: command("nginx"), Args: []string{"-c", file, "-p", dir}, Dir: dir, Core: core, Addr: addr})
}

// upstreamServer answers everything, at once.
func upstreamServer(addr string) string {
	return fmt.Sprintf("  server { listen %s backlog=1024; location / { return 200 '%s'; } }\n", addr, upstreamBody)
}

// proxyServer passes everything on, over connections that are kept.
func proxyServer(addr, upstream string) string {
	return fmt.Sprintf(`  upstream api { server %[2]s; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen %[1]s backlog=1024;
    location / {
      proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
`, addr, upstream)
}

// askingServer asks check before it passes a request on (auth_request). name keeps
// several apart.
func askingServer(name, addr, upstream, check, fields string) string {
	host, path, _ := strings.Cut(check, "/")
	return fmt.Sprintf(`  upstream api_%[1]s { server %[3]s; keepalive 256; keepalive_requests 1000000000; }
  upstream check_%[1]s { server %[4]s; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen %[2]s backlog=1024;
    location = /.check {
      internal;
      proxy_pass http://check_%[1]s/%[5]s; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_pass_request_body off; proxy_set_header Content-Length "";
%[6]s
    }
    location / {
      auth_request /.check;
      proxy_pass http://api_%[1]s; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    }
  }
`, name, addr, upstream, host, path, fields)
}

// haproxy starts one that verifies the tokens of both issuers and passes /open/
// on as it comes.
func (st *stage) haproxy(ctx context.Context, upstream string) (*rig.Process, error) {
	addr, err := rig.FreeAddr(ctx)
	if err != nil {
		return nil, err
	}
	var rules strings.Builder
	for _, alg := range rig.Algorithms {
		name := strings.ToLower(alg)
		fmt.Fprintf(&rules, `  acl is_%[1]s path_beg /%[1]s/
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg') if is_%[1]s
  http-request deny deny_status 401 if is_%[1]s !{ var(txn.alg) -m str %[2]s }
  http-request deny deny_status 401 if is_%[1]s !{ http_auth_bearer,jwt_verify(txn.alg,"%[3]s") -m int 1 }
  http-request deny deny_status 401 if is_%[1]s !{ http_auth_bearer,jwt_payload_query('$.iss') -m str %[4]s }
  http-request deny deny_status 401 if is_%[1]s !{ http_auth_bearer,jwt_payload_query('$.aud') -m str %[5]s }
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int') if is_%[1]s
  http-request deny deny_status 401 if is_%[1]s !{ var(txn.exp) -m found }
  http-request set-var(txn.now) date() if is_%[1]s
  http-request deny deny_status 401 if is_%[1]s { var(txn.exp),sub(txn.now) -m int lt 0 }
`, name, alg, filepath.Join(st.dir, name+".pem"), rig.Issuer(alg), rig.Audience)
	}
	text := fmt.Sprintf(`global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend front
  bind %s
%s  acl open path_beg /open/ /rs256/ /es256/
  http-request deny deny_status 404 if !open
  default_backend api
backend api
  http-reuse always
  option forwardfor
  server api %s
`, addr, rules.String(), upstream)
	file := filepath.Join(st.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return rig.Start(ctx, rig.Command{Name: "haproxy", Path: command("haproxy"), Args: []string{"-db", "-f", file}, Dir: st.dir, Core: serverCore, Addr: addr})
}

// free is several free addresses.
func free(ctx context.Context, n int) ([]string, error) {
	var out []string
	for range n {
		addr, err := rig.FreeAddr(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, addr)
	}
	return out, nil
}
