package config

import (
	"net"
	"strings"
)

// AdminListen is the address of the admin listener in the text of a
// configuration file, also where the file has faults: a gate that refused its
// file goes on with the one before, and whoever asks it how it is finds it there.
func (l *Loader) AdminListen(data []byte) string {
	f, err := l.Examine("", data)
	if err != nil {
		// What is wrong elsewhere may have kept all of it from being read.
		if part, _ := l.Examine("", section(data, "admin")); part != nil && part.source.places["admin.listen"].line > 0 {
			f = part
		}
	}
	if f != nil {
		if _, _, err := net.SplitHostPort(f.Admin.Listen); err == nil {
			return f.Admin.Listen
		}
	}
	return Default().Admin.Listen
}

// section is the text of one key at the margin and of what is below it.
func section(data []byte, key string) []byte {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(string(data)) {
		if line != "" && !strings.ContainsAny(line[:1], " \t#\r\n") {
			inside = strings.HasPrefix(line, key+":")
		}
		if inside {
			b.WriteString(line)
		}
	}
	return []byte(b.String())
}
