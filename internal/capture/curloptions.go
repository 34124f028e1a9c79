package capture

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// The options of curl, as "long" or "long|letter". What is missing here would
// be taken for a switch, and its value for a URL.
const (
	curlValued = "abstract-unix-socket alt-svc aws-sigv4 cacert capath cert|E cert-type ciphers config|K connect-timeout connect-to continue-at|C " +
		"cookie|b cookie-jar|c create-file-mode crlfile curves data|d data-ascii data-binary data-raw data-urlencode delegation dns-interface " +
		"dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header|D ech egd-file engine etag-compare etag-save expect100-timeout form|F form-string " +
		"ftp-account ftp-alternative-to-user ftp-method ftp-port|P ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header|H hostpubmd5 " +
		"hostpubsha256 hsts interface ip-tos ipfs-gateway json keepalive-cnt keepalive-time key key-type knownhosts krb libcurl limit-rate local-port " +
		"login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time|m netrc-file noproxy oauth2-bearer output|o output-dir " +
		"parallel-max parallel-max-host pass pinnedpubkey preproxy proto proto-default proto-redir proxy|x proxy-cacert proxy-capath proxy-cert " +
		"proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name " +
		"proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user|U proxy1.0 pubkey quote|Q random-file range|r rate " +
		"referer|e request|X request-target resolve retry retry-delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5 " +
		"socks5-gssapi-service socks5-hostname speed-limit|Y speed-time|y stderr telnet-option|t tftp-blksize time-cond|z tls-max tls13-ciphers " +
		"tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket upload-file|T upload-flags url url-query user|u user-agent|A " +
		"variable vlan-priority write-out|w"
	curlSwitches = "alpn anyauth append|a basic buffer ca-native cert-status clobber compressed compressed-ssh create-dirs crlf digest disable|q " +
		"disable-eprt disable-epsv disallow-username-in-url doh-cert-status doh-insecure dump-ca-embed eprt epsv fail|f fail-early fail-with-body " +
		"false-start follow form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control get|G globoff|g " +
		"haproxy-protocol head|I help|h http0.9 http1.0|0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length include|i " +
		"insecure|k ipv4|4 ipv6|6 junk-session-cookies|j keepalive list-only|l location|L location-trusted mail-rcpt-allowfails manual|M metalink " +
		"mptcp negotiate netrc|n netrc-optional next|: no-buffer|N npn ntlm ntlm-wb out-null parallel|Z parallel-immediate path-as-is post301 post302 " +
		"post303 progress-bar|# progress-meter proxy-anyauth proxy-basic proxy-ca-native proxy-digest proxy-http2 proxy-insecure proxy-negotiate " +
		"proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel|p raw remote-header-name|J remote-name|O " +
		"remote-name-all remote-time|R remove-on-error retry-all-errors retry-connrefused sasl-ir sessionid show-error|S silent|s skip-existing " +
		"socks5-basic socks5-gssapi socks5-gssapi-nec ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort " +
		"sslv2|2 sslv3|3 styled-output suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tls-earlydata tlsv1|1 tlsv1.0 tlsv1.1 " +
		"tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time use-ascii|B verbose|v version|V xattr"
)

// curlOption is one option that was found in a command.
type curlOption struct {
	name   string // long, without dashes
	valued bool
	off    bool // --no-...
}

// curlNames reads one of the tables: long names, and letter to name.
func curlNames(table string) (long []string, short map[byte]string) {
	short = map[byte]string{}
	for item := range strings.SplitSeq(table, " ") {
		name, letter, ok := strings.Cut(item, "|")
		long = append(long, name)
		if ok {
			short[letter[0]] = name
		}
	}
	return long, short
}

// curlTable is the options of curl, ready to be looked up.
type curlTable struct {
	valued, switches []string
	letters          map[byte]curlOption
}

func newCurlTable() *curlTable {
	t := &curlTable{letters: map[byte]curlOption{}}
	var short map[byte]string
	t.valued, short = curlNames(curlValued)
	for letter, name := range short {
		t.letters[letter] = curlOption{name: name, valued: true}
	}
	t.switches, short = curlNames(curlSwitches)
	for letter, name := range short {
		t.letters[letter] = curlOption{name: name}
	}
	return t
}

// long finds --name, --no-name and an unambiguous beginning of a name.
func (t *curlTable) long(name string) (curlOption, bool) {
	// What --expand- would make of its variables only curl knows.
	name = strings.TrimPrefix(name, "expand-")
	switch {
	case slices.Contains(t.valued, name):
		return curlOption{name: name, valued: true}, true
	case slices.Contains(t.switches, name):
		return curlOption{name: name}, true
	}
	if positive, ok := strings.CutPrefix(name, "no-"); ok && slices.Contains(t.switches, positive) {
		return curlOption{name: positive, off: true}, true
	}
	var found []curlOption
	for _, n := range t.valued {
		if name != "" && strings.HasPrefix(n, name) {
			found = append(found, curlOption{name: n, valued: true})
		}
	}
	for _, n := range t.switches {
		if name != "" && strings.HasPrefix(n, name) {
			found = append(found, curlOption{name: n})
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return curlOption{}, false
}

// meant is the known option nearest to one that is not.
func (t *curlTable) meant(name string) string {
	best, distance := "", len(name)/3+2
	for _, n := range slices.Concat(t.valued, t.switches) {
		if d := nearest.Slips(name, n); d < distance {
			best, distance = n, d
		}
	}
	return best
}
