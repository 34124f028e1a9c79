package mock

import (
	"fmt"

	"github.com/gate401/gate401/internal/mock/world"
)

// load takes over what there is from the beginning.
func (s *Server) load(f *File, documents []Document) error {
	for _, d := range documents {
		if _, err := s.documents.Add(d.Name, d.Data, ""); err != nil {
			return err
		}
	}
	if f == nil {
		return nil
	}
	if _, err := s.endpoints.Add(f.Endpoints...); err != nil {
		return err
	}
	s.presets = make(map[string]world.Settings, len(f.Sessions))
	for _, one := range f.Sessions {
		if err := one.Settings.Validate(); err != nil {
			return fmt.Errorf("session %s: %w", one.ID, err)
		}
		s.presets[one.ID] = one.Settings
	}
	return nil
}
