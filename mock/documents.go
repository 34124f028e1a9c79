package mock

import "strings"

// Described is an OpenAPI document that a Server plays.
type Described struct {
	// ID is what the admin API calls it: /__mock/api/openapi/ID.
	ID string
	// Name is that of the Document, Title what it says of itself.
	Name, Title string
	// Operations is how many it has.
	Operations int
	// Try are commands that it answers, one for each credential that differs, and
	// one for none.
	Try []string
}

// Documents are the OpenAPI documents that are played now, the newest first. base
// is scheme and host of the mock, for the commands.
func (s *Server) Documents(base string) ([]Described, error) {
	all, err := s.documents.Summaries(base)
	if err != nil {
		return nil, err
	}
	out := make([]Described, len(all))
	for i, one := range all {
		d := Described{ID: one.ID, Name: one.Name, Title: one.Title, Operations: len(one.Operations)}
		shown := map[string]bool{}
		for _, o := range one.Operations {
			how := strings.Replace(strings.Replace(o.Curl, "-X "+o.Method+" ", "", 1), o.URL, "", 1)
			if !shown[how] {
				shown[how] = true
				d.Try = append(d.Try, o.Curl)
			}
		}
		out[i] = d
	}
	return out, nil
}
