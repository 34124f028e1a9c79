package foreign

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Nginx serves /open/ok.txt and, behind auth_basic, /basic/ok.txt (User,
// PlainPassword). /login/ and /app/ redirect to a login page, as web applications
// do, and /proxied/ passes to upstream (if there is one) without the Authorization
// field.
func Nginx(t testing.TB, upstream string) *Server {
	t.Helper()
	nginx, htpasswd := component.Need(t, "nginx", "nginx"), component.Need(t, "htpasswd", "apache2-utils")
	dir := readable(t)
	for _, place := range []string{"basic", "open"} {
		write(t, filepath.Join(dir, "www", place, "ok.txt"), "ok "+place+"\n")
	}
	write(t, filepath.Join(dir, "www", "sign-in.html"), "<!doctype html><title>Sign in</title><form method=post><input name=user><input type=password name=password></form>\n")
	run(t, exec.Command(htpasswd, "-cbm", filepath.Join(dir, "users"), User, PlainPassword))
	readableAll(t, dir)
	address := FreeAddress(t)
	proxied := ""
	if upstream != "" {
		proxied = fmt.Sprintf("location /proxied/ { proxy_pass %s/; proxy_set_header Authorization \"\"; }", upstream)
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user nobody nogroup;"
	}
	file := filepath.Join(dir, "nginx.conf")
	write(t, file, fmt.Sprintf(`
%[4]s
daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  default_type text/plain;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  server {
    listen %[2]s;
    root %[1]s/www;
    location /basic/ { auth_basic "nginx basic"; auth_basic_user_file %[1]s/users; }
    location /login/ { return 302 /sign-in.html; }
    location /app/ { return 302 /sign-in.html?next=$uri; }
    location = /sign-in.html { default_type text/html; }
    %[3]s
  }
}
`, dir, address, proxied, user))
	return Start(t, exec.Command(nginx, "-c", file, "-p", dir), address)
}
