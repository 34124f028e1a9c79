package webtest

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

// tag is a start or end tag; attributes are quoted or bare. The pages come
// from a generator that writes no other form.
var tag = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<]*")?)*)\s*(/?)>`)

var attribute = regexp.MustCompile(`([a-zA-Z-]+)(?:="([^"]*)")?`)

var void = []string{"meta", "link", "input", "br", "hr", "img"}

// element is a start tag that was seen.
type element struct {
	name string
	attr map[string]string
	text string
}

// Faults lists what is wrong with a whole page, or with a part of one.
func Faults(page string, whole bool) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	rest := regexp.MustCompile(`(?i)<!doctype html>|<!--.*?-->`).ReplaceAllString(page, "")
	var all []*element
	var open []*element
	at := 0
	for _, m := range tag.FindAllStringSubmatchIndex(rest, -1) {
		between := rest[at:m[0]]
		if i := strings.IndexAny(between, "<>"); i >= 0 {
			fault("stray %q in %q", between[i], clip(between))
		}
		for _, e := range open {
			e.text += html.UnescapeString(between)
		}
		at = m[1]
		name := strings.ToLower(rest[m[4]:m[5]])
		if rest[m[2]:m[3]] == "/" {
			if len(open) == 0 || open[len(open)-1].name != name {
				fault("</%s> closes nothing that is open last", name)
				continue
			}
			open = open[:len(open)-1]
			continue
		}
		e := &element{name: name, attr: map[string]string{}}
		for _, a := range attribute.FindAllStringSubmatch(rest[m[6]:m[7]], -1) {
			if _, twice := e.attr[a[1]]; twice {
				fault("<%s> has %s twice", name, a[1])
			}
			e.attr[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, e)
		if !slices.Contains(void, name) {
			open = append(open, e)
		}
	}
	for _, e := range open {
		fault("<%s> is never closed", e.name)
	}
	faults = append(faults, elements(all)...)
	if whole {
		faults = append(faults, frame(all)...)
	}
	return faults
}

// elements checks what holds for every part of a page.
func elements(all []*element) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	ids := map[string]bool{}
	labels := map[string]bool{}
	for _, e := range all {
		if id, ok := e.attr["id"]; ok {
			if ids[id] || id == "" || strings.ContainsAny(id, " \t\n") {
				fault("id %q is empty, has a space or is there twice", id)
			}
			ids[id] = true
		}
		if e.name == "label" {
			labels[e.attr["for"]] = true
		}
	}
	for _, e := range all {
		for name, value := range e.attr {
			switch {
			case name == "style" || strings.HasPrefix(name, "on"):
				fault("<%s %s> is inline, which the policy forbids", e.name, name)
			case name == "href" || name == "src" || name == "action":
				if strings.Contains(value, "//") || strings.Contains(value, ":") {
					fault("<%s> leads to %q", e.name, value)
				}
				if target, ok := strings.CutPrefix(value, "#"); ok && !ids[target] {
					fault("nothing has the id %q", target)
				}
			case name == "aria-labelledby" || name == "aria-describedby" || e.name == "label" && name == "for":
				if !ids[value] {
					fault("nothing has the id %q that %s of <%s> names", value, name, e.name)
				}
			}
		}
		named := e.attr["aria-label"] != "" || strings.TrimSpace(e.text) != ""
		switch e.name {
		case "style":
			fault("<style> is inline, which the policy forbids")
		case "script":
			if e.attr["src"] == "" {
				fault("<script> is inline, which the policy forbids")
			}
		case "a", "button", "summary":
			if !named {
				fault("<%s %v> has no name", e.name, e.attr)
			}
		case "input", "progress":
			if !labels[e.attr["id"]] && e.attr["aria-label"] == "" {
				fault("<%s id=%q> has no label", e.name, e.attr["id"])
			}
		case "section", "nav":
			if e.attr["aria-label"] == "" && e.attr["aria-labelledby"] == "" {
				fault("<%s> has no name", e.name)
			}
		case "img":
			if _, ok := e.attr["alt"]; !ok {
				fault("<img> has no alt")
			}
		}
	}
	return faults
}

// frame checks what a page has once.
func frame(all []*element) []string {
	var faults []string
	count := map[string]int{}
	level := 0
	for _, e := range all {
		count[e.name]++
		if len(e.name) == 2 && e.name[0] == 'h' && e.name[1] >= '1' && e.name[1] <= '6' {
			now := int(e.name[1] - '0')
			if now > level+1 {
				faults = append(faults, fmt.Sprintf("heading %q jumps from level %d to %d", clip(e.text), level, now))
			}
			level = now
		}
		if e.name == "html" && e.attr["lang"] == "" {
			faults = append(faults, "<html> has no lang")
		}
	}
	for _, name := range []string{"html", "head", "body", "title", "main", "h1", "header", "footer"} {
		if count[name] != 1 {
			faults = append(faults, fmt.Sprintf("there are %d <%s>", count[name], name))
		}
	}
	return faults
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return s[:min(len(s), 60)]
}
