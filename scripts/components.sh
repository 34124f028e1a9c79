# What the tests need beyond Go: a command, the Debian package that has it, and
# what is not tested without it. Read by scripts/test.sh.
COMPONENTS='
curl|curl|the answers as curl sees them; explain against the real curl
bash|bash|curl commands as a shell reads them
python3|python3|the answers as the urllib of Python sees them
htpasswd|apache2-utils|password files as htpasswd writes them
node|nodejs|clients and servers for Node
npm|npm|the accessibility of the pages; clients and servers for Node
apache2|apache2|explain and the client against Apache
htdigest|apache2-utils|explain and the client against Apache and Squid
nginx|nginx|explain and the client against nginx
caddy|caddy|explain and the client against Caddy
squid|squid|the client behind Squid
wget|wget|the mock as wget sees it
http|httpie|the mock as HTTPie sees it
haproxy|haproxy|the token for the upstream as HAProxy reads it; the side by side measurement against HAProxy
wrk|wrk|the side by side measurement: its load
taskset|util-linux|the side by side measurement: a core of its own
chromium|chromium|the pages in a browser; what its DevTools copy
git|git|a release that is made twice
systemd-analyze|systemd|the unit of systemd
buildah|buildah|the image for containers
'
# Packages for Python: the module, the Debian package, and what is not tested
# without it.
MODULES='
requests|python3-requests|the mock as the requests of Python sees it
httpx|python3-httpx|the mock as the httpx of Python sees it
jwt|python3-jwt|the tokens of the gate as PyJWT sees them
'
# Packages for Node, by folder: npm ci installs them.
FOLDERS='
e2e/browser|axe-core: the accessibility of the pages
e2e/npm|axios, got, newman, Prism, Mockoon, an OpenID provider, clients of OAuth and MCP, as servers and clients
'
