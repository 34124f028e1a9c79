package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// bom is a software bill of materials in the form of CycloneDX 1.5.
type bom struct {
	BOMFormat   string   `json:"bomFormat"`
	SpecVersion string   `json:"specVersion"`
	Version     int      `json:"version"`
	Metadata    metadata `json:"metadata"`
	Components  []entry  `json:"components"`
}

type metadata struct {
	Timestamp string `json:"timestamp"`
	Component entry  `json:"component"`
}

type entry struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// billOfMaterials lists the modules that the binary says are linked into it, and
// the Go release whose library is.
func (r *release) billOfMaterials(binary, platform string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	own := part("application", info.Main.Path, r.version)
	own.Properties = []property{{"gate401:platform", platform}, {"gate401:commit", r.commit}}
	out := bom{
		BOMFormat: "CycloneDX", SpecVersion: "1.5", Version: 1,
		Metadata:   metadata{r.date.Format(time.RFC3339), own},
		Components: []entry{part("library", "std", strings.TrimPrefix(info.GoVersion, "go"))},
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced by %s, which nobody else has", m.Path, m.Replace.Path)
		}
		c := part("library", m.Path, m.Version)
		c.Properties = []property{{"gate401:go.sum", m.Sum}}
		out.Components = append(out.Components, c)
	}
	slices.SortFunc(out.Components, func(a, b entry) int { return strings.Compare(a.Ref, b.Ref) })
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(out)
	return buf.Bytes(), err
}

// part is an entry by its package URL.
func part(kind, path, version string) entry {
	purl := "pkg:golang/" + path + "@" + url.PathEscape(version)
	return entry{Type: kind, Ref: purl, Name: path, Version: version, PURL: purl}
}
