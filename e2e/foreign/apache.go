package foreign

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// User and Password are those that every server here knows.
const (
	User     = "alice"
	Password = "pa:ss wörd"
	// PlainPassword is for what cannot take the other.
	PlainPassword = "correct-horse"
)

// DigestRealm is the realm of Apache's and Squid's Digest.
const DigestRealm = "apache digest"

// Apache serves /basic/ behind mod_auth_basic (User, Password) and /digest/
// behind mod_auth_digest (User, PlainPassword) with nonces that live for one
// second, both with the file ok.txt.
func Apache(t testing.TB) *Server {
	t.Helper()
	apache := component.Need(t, "apache2", "apache2")
	htpasswd, htdigest := component.Need(t, "htpasswd", "apache2-utils"), component.Need(t, "htdigest", "apache2-utils")
	dir := readable(t)
	for _, place := range []string{"basic", "digest", "open"} {
		write(t, filepath.Join(dir, "www", place, "ok.txt"), "ok "+place+"\n")
	}
	run(t, exec.Command(htpasswd, "-cbB", "-C", "4", filepath.Join(dir, "users"), User, Password))
	digest := exec.Command(htdigest, "-c", filepath.Join(dir, "digest"), DigestRealm, User)
	digest.Stdin = lines(PlainPassword, PlainPassword)
	run(t, digest)
	readableAll(t, dir)
	address := FreeAddress(t)
	modules := "/usr/lib/apache2/modules"
	conf := fmt.Sprintf(`
ServerRoot "%[1]s"
ServerName localhost
Listen %[2]s
PidFile "%[1]s/apache.pid"
DefaultRuntimeDir "%[1]s"
ErrorLog /dev/stderr
LoadModule mpm_event_module %[3]s/mod_mpm_event.so
LoadModule authn_core_module %[3]s/mod_authn_core.so
LoadModule authn_file_module %[3]s/mod_authn_file.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule authz_user_module %[3]s/mod_authz_user.so
LoadModule auth_basic_module %[3]s/mod_auth_basic.so
LoadModule auth_digest_module %[3]s/mod_auth_digest.so
DocumentRoot "%[1]s/www"
<Location "/basic/">
  AuthType Basic
  AuthName "apache basic"
  AuthUserFile "%[1]s/users"
  Require valid-user
</Location>
<Location "/digest/">
  AuthType Digest
  AuthName "%[4]s"
  AuthDigestDomain /digest/
  AuthDigestProvider file
  AuthDigestNonceLifetime 1
  AuthUserFile "%[1]s/digest"
  Require valid-user
</Location>
`, dir, address, modules, DigestRealm)
	if os.Geteuid() == 0 {
		conf = "User nobody\nGroup nogroup\n" + conf
	}
	file := filepath.Join(dir, "apache.conf")
	write(t, file, conf)
	return Start(t, exec.Command(apache, "-f", file, "-D", "FOREGROUND"), address)
}
