package config

import (
	"bytes"
	"encoding/json"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// ShowJSON is Show as one JSON object, its keys in the order of the file's
// documentation.
func ShowJSON(f *File) json.RawMessage {
	p := printer{src: f.source}
	root, ok := p.node("", reflect.ValueOf(*f))
	if !ok {
		return json.RawMessage("{}")
	}
	var b bytes.Buffer
	writeJSON(&b, root)
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, n.Content[i].Value)
			b.WriteByte(':')
			writeJSON(b, n.Content[i+1])
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, c)
		}
		b.WriteByte(']')
	default:
		if n.Tag == "!!bool" || n.Tag == "!!int" {
			b.WriteString(n.Value)
			return
		}
		writeText(b, n.Value)
	}
}

func writeText(b *bytes.Buffer, s string) {
	text, err := json.Marshal(s)
	if err != nil {
		text = []byte(`""`) // cannot happen: every string can be written
	}
	b.Write(text)
}
