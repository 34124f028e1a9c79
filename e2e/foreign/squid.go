package foreign

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Squid is a forward proxy that answers 407 and takes Basic ("basic") or Digest
// ("digest") from User with PlainPassword.
func Squid(t testing.TB, scheme string) *Server {
	t.Helper()
	squid, htpasswd, htdigest := component.Need(t, "squid", "squid"), component.Need(t, "htpasswd", "apache2-utils"), component.Need(t, "htdigest", "apache2-utils")
	dir := readable(t)
	auth := ""
	switch scheme {
	case "basic":
		run(t, exec.Command(htpasswd, "-cbm", filepath.Join(dir, "users"), User, PlainPassword))
		auth = fmt.Sprintf("auth_param basic program /usr/lib/squid/basic_ncsa_auth %s/users\nauth_param basic realm squid basic\n", dir)
	case "digest":
		digest := exec.Command(htdigest, "-c", filepath.Join(dir, "users"), DigestRealm, User)
		digest.Stdin = lines(PlainPassword, PlainPassword)
		run(t, digest)
		auth = fmt.Sprintf("auth_param digest program /usr/lib/squid/digest_file_auth -c %s/users\nauth_param digest realm %s\nauth_param digest children 2\n", dir, DigestRealm)
	default:
		t.Fatalf("squid knows no scheme %q here", scheme)
	}
	readableAll(t, dir)
	address := FreeAddress(t)
	user := ""
	if os.Geteuid() == 0 {
		user = "cache_effective_user proxy\n"
	}
	file := filepath.Join(dir, "squid.conf")
	write(t, file, fmt.Sprintf(`http_port %[2]s
%[3]s%[4]sacl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
pid_filename none
cache_log stdio:%[1]s/cache.log
access_log none
cache_store_log none
coredump_dir %[1]s
shutdown_lifetime 0 seconds
visible_hostname localhost
netdb_filename none
`, dir, address, user, auth))
	return Start(t, exec.Command(squid, "-N", "-f", file), address)
}
