package capture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// variables are those of the environment, which wins, of the collection and of
// the folders.
type variables struct {
	scopes []map[string]string
	fixed  map[string]string
	// grown is what values added in all; a variable can hold another more than
	// once.
	grown int
	// environment tells that there is one.
	environment bool
}

// meant is the name of a variable that is nearest to one that nobody defined.
func (v *variables) meant(name string) string {
	var names []string
	for known := range v.fixed {
		names = append(names, known)
	}
	for _, scope := range v.scopes {
		for known := range scope {
			names = append(names, known)
		}
	}
	slices.Sort(names)
	best, meant := 3, ""
	for _, known := range names {
		if n := nearest.Slips(strings.ToLower(name), strings.ToLower(known)); n < best && n*2 < len(name) {
			best, meant = n, known
		}
	}
	return meant
}

func newVariables() *variables { return &variables{fixed: map[string]string{}} }

func (v *variables) override(pairs []pmPair) {
	v.environment = true
	for _, p := range pairs {
		if !p.off() {
			v.fixed[p.Key] = p.text()
		}
	}
}

// push adds a scope, and returns what takes it away.
func (v *variables) push(pairs []pmPair) func() {
	scope := map[string]string{}
	for _, p := range pairs {
		name := p.Key
		if name == "" {
			name = p.ID
		}
		if !p.off() {
			scope[name] = p.text()
		}
	}
	v.scopes = append(v.scopes, scope)
	return func() { v.scopes = v.scopes[:len(v.scopes)-1] }
}

func (v *variables) lookup(name string) (string, bool) {
	if value, ok := v.fixed[name]; ok {
		return value, true
	}
	for _, scope := range slices.Backward(v.scopes) {
		if value, ok := scope[name]; ok {
			return value, true
		}
	}
	return "", false
}

// resolver fills {{name}} and remembers what had no value.
type resolver struct {
	vars    *variables
	missing []string
	empty   []string
}

func (v *variables) session() *resolver { return &resolver{vars: v} }

func (s *resolver) resolve(text string) string { return s.fill(text, 0) }

func (s *resolver) fill(text string, depth int) string {
	if s == nil || !strings.Contains(text, "{{") || depth > 10 {
		return text
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		b.WriteString(before)
		if !ok || !closed {
			if ok {
				b.WriteString("{{" + rest)
			}
			return b.String()
		}
		name = strings.TrimSpace(name)
		value, known := s.vars.lookup(name)
		s.vars.grown += len(value)
		switch {
		case !known || s.vars.grown > MaxFile:
			s.miss(&s.missing, name)
			b.WriteString("{{" + name + "}}")
		case value == "":
			s.miss(&s.empty, name)
		default:
			b.WriteString(s.fill(value, depth+1))
		}
		text = after
	}
}

func (s *resolver) miss(list *[]string, name string) {
	if len(*list) < maxFields && !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

func (s *resolver) notes() []Note {
	var notes []Note
	for _, name := range s.missing {
		text := "it has no value in the collection; an environment may have one: --postman-env FILE"
		if s.vars.environment {
			text = "it has no value in the collection, nor in the environment"
		}
		if meant := s.vars.meant(name); meant != "" {
			text = "nothing is called so; did you mean {{" + clean(meant) + "}}?"
		}
		if strings.HasPrefix(name, "$") {
			text = "Postman makes up a value each time"
		}
		notes = append(notes, Note{NoteVariable, "{{" + clean(name) + "}}", text})
	}
	for _, name := range s.empty {
		notes = append(notes, Note{NoteVariable, "{{" + clean(name) + "}}", fmt.Sprintf("its value is empty in the collection: %s keeps current values to itself when it exports", "Postman")})
	}
	return notes
}
