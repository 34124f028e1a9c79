# What the tests need beyond Go: a command, the Debian package that has it, and
# what is not tested without it. Read by scripts/test.sh.
COMPONENTS='
curl|curl|the answers as curl sees them
python3|python3|the answers as the urllib of Python sees them
htpasswd|apache2-utils|password files as htpasswd writes them
npm|npm|the accessibility of the pages
chromium|chromium|the pages in a browser
'
