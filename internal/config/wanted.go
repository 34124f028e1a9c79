package config

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// wrongType says what is there instead of what is wanted, and what to write.
func (d *decoder) wrongType(n *yaml.Node, path, want string) {
	f := yamldoc.Wrong(n, want)
	switch {
	case want == "text" && isPort(n):
		// In quotes a port alone would be as wrong.
		at := "127.0.0.1:" + n.Value
		switch {
		case strings.HasSuffix(path, ".listen"):
			f.Message, f.Hint = "this is a port alone, and an address is wanted", "write "+at
		case path == "gate.upstream" || strings.Contains(path, ".urls"):
			f.Message, f.Hint = "this is a port alone, and a URL is wanted", "write http://"+at
		case path == "gate.public_url":
			f.Message, f.Hint = "this is a number, and a URL is wanted", "write the address that clients use, as in https://api.example.com"
		}
	case want == "a list" && n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.ScalarNode:
		f.Hint = `begin each element with a dash, as in "- ` + clip(printable(n.Content[0].Value), 40) + `: ..."`
	}
	d.fault(at(n), path, f.Hint, "%s", f.Message)
}

// isPort tells whether n is a number that a port can have.
func isPort(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		return false
	}
	port, err := strconv.ParseUint(n.Value, 10, 16)
	return err == nil && port > 0
}
