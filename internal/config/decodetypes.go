package config

import (
	"fmt"
	"net/netip"
	"net/textproto"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// network reads a network or a single address.
func (d *decoder) network(n *yaml.Node, path string, to *netip.Prefix) {
	s, ok := d.text(n, path)
	if !ok {
		return
	}
	p, err := netip.ParsePrefix(s)
	if a, failed := netip.ParseAddr(s); failed == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		d.fault(at(n), path, "write it as in 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7", "%s is no network", d.src.quote(path, s))
		return
	}
	// Clients are compared as IPv4 where they are (RFC 4291 section 2.5.5.2).
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	*to = p.Masked()
}

// audience reads a name or a list of names.
func (d *decoder) audience(n *yaml.Node, path string, to *Audience) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, path, reflect.ValueOf(to).Elem(), bounds{minItems: 1})
		return
	}
	if s, ok := d.text(n, path); ok {
		*to = Audience{s}
	}
}

// methodNames reads "all" or a list of names.
func (d *decoder) methodNames(n *yaml.Node, path string, to *MethodNames) {
	if n.Kind == yaml.ScalarNode {
		s, ok := d.text(n, path)
		switch {
		case !ok:
		case s == allMethods:
			*to = nil
		default:
			d.fault(at(n), path, "write the names in brackets: [...]", "%s is neither %q nor a list", d.src.quote(path, s), allMethods)
		}
		return
	}
	d.list(n, path, reflect.ValueOf(to).Elem(), bounds{minItems: 1})
}

// allMethods stands for all methods, so no method has that name.
const allMethods = "all"

// cors reads "upstream" or what pages of other origins may do.
func (d *decoder) cors(n *yaml.Node, path string, to **CORS) {
	var c CORS
	if n.Kind == yaml.ScalarNode {
		s, ok := d.text(n, path)
		if ok && s != "upstream" {
			d.fault(at(n), path, "write a mapping with origins, or upstream", `%s is neither "upstream" nor a mapping`, d.src.quote(path, s))
		}
		c.Upstream = true
	} else {
		d.mapping(n, path, reflect.ValueOf(&c).Elem())
	}
	*to = &c
}

// headers reads a preset or a mapping of names to what they hold.
func (d *decoder) headers(n *yaml.Node, path string, to *IdentityHeaders) {
	if n.Kind == yaml.ScalarNode {
		s, ok := d.text(n, path)
		if !ok {
			return
		}
		p, ok := preset(s)
		if !ok {
			d.fault(at(n), path, didYouMean(s, []string{"forwarded", "remote"}), "%s is no preset", d.src.quote(path, s))
			return
		}
		*to = p
		return
	}
	out := IdentityHeaders{}
	spelt := map[string]string{}
	d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		holds, ok := d.text(value, below)
		if !ok {
			return
		}
		if !slices.Contains(identityValues(), holds) {
			d.fault(d.src.places[below], below, didYouMean(holds, identityValues()), "%s is nothing that is known about an identity", d.src.quote(below, holds))
			return
		}
		// Servers that make variables of field names read "-" and "_" alike.
		same := strings.ReplaceAll(strings.ToLower(key.Value), "_", "-")
		switch {
		case !isToken(key.Value):
			d.fault(at, below, "", "this is no name of a field")
		case reservedField(key.Value):
			d.fault(at, below, "", "the field has a meaning of its own and cannot hold an identity")
		case spelt[same] != "":
			d.fault(at, below, "", "%q is the same field", spelt[same])
		default:
			spelt[same] = key.Value
			out[textproto.CanonicalMIMEHeaderKey(key.Value)] = holds
		}
	})
	*to = out
}

// identityValues is what an identity field may hold.
func identityValues() []string {
	return []string{"subject", "method", "name", "issuer", "credential", "groups", "scopes", "request_id"}
}

// reservedField tells which request fields cannot be given another meaning.
func reservedField(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "host", "content-length", "content-type", "content-encoding",
		"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "range",
		"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "x-request-id", "origin":
		return true
	}
	return false
}

// methods reads the ways to authenticate, in the order of the file.
func (d *decoder) methods(n *yaml.Node, path string, to *Methods) {
	out := Methods{}
	d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		d.src.places[below] = place{value.Line, value.Column}
		d.named = append(d.named, key.Value)
		if !isMethodName(key.Value) || key.Value == allMethods {
			d.fault(at, below, "small letters, digits, - and _, a letter first, at most 32; not "+allMethods, "this is no name for a method")
			return
		}
		if m, ok := d.method(value, below); ok {
			m.Name = key.Value
			out = append(out, m)
		}
	})
	*to = out
}

// method reads one method by its type.
func (d *decoder) method(n *yaml.Node, path string) (Method, bool) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, "a mapping")
		return Method{}, false
	}
	var kind *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "type" && kind == nil {
			kind = n.Content[i+1]
		}
	}
	if kind == nil {
		d.fault(at(n), path, "one of "+strings.Join(methodTypes(), ", "), `the key "type" is missing`)
		return Method{}, false
	}
	name, ok := d.text(kind, path+".type")
	if !ok {
		return Method{}, false
	}
	if name != kind.Value {
		// The rest is read by it, by people and by editors too.
		d.fault(at(kind), path+".type", "", "the type of a method cannot come from elsewhere")
		return Method{}, false
	}
	m := Method{Type: name}
	switch name {
	case TypeBasic:
		m.Basic = &Basic{}
		d.mapping(n, path, reflect.ValueOf(m.Basic).Elem())
	case TypeAPIKey:
		m.APIKey = &APIKey{}
		d.mapping(n, path, reflect.ValueOf(m.APIKey).Elem())
		def := defaultAPIKey()
		if m.APIKey.Environment == "" {
			m.APIKey.Environment = def.Environment
		}
		if m.APIKey.Header == "" && m.APIKey.Query == "" && m.APIKey.Cookie == "" {
			m.APIKey.Header = def.Header
		}
	case TypeBearer:
		m.Bearer = &Bearer{}
		d.mapping(n, path, reflect.ValueOf(m.Bearer).Elem())
	case TypeSession:
		m.Session = &Session{}
		d.mapping(n, path, reflect.ValueOf(m.Session).Elem())
	case "digest", "introspection", "mtls":
		d.fault(at(kind), path+".type", "available: "+strings.Join(methodTypes(), ", "), "the type %s is not available in this version", name)
		return Method{}, false
	default:
		d.fault(at(kind), path+".type", didYouMean(name, methodTypes()), "%s is no type of method", d.src.quote(path+".type", name))
		return Method{}, false
	}
	return m, true
}

func methodTypes() []string { return []string{TypeBasic, TypeAPIKey, TypeBearer, TypeSession} }

func isMethodName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && (i == 0 || ('0' > c || c > '9') && c != '-' && c != '_') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// indexed is the path of an element.
func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
