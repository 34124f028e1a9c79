package world

// DefaultPeople are the people of a world whose settings name none: one who may
// do everything, one who may only read, and one who is suspended.
func DefaultPeople() []Person {
	return []Person{
		{Name: "alice", Password: "wonderland", Groups: []string{"admin", "staff"}, Scopes: []string{"orders:read", "orders:write"}},
		{Name: "bob", Password: "builder", Groups: []string{"staff"}, Scopes: []string{"orders:read"}},
		{Name: "mallory", Password: "malice", Scopes: []string{"orders:read"}, Suspended: true},
	}
}

// Environment is that of the API keys of worlds; a key of another one is
// refused as api-key-wrong-environment.
const Environment = "mock"

// DefaultKey is the API key of the first person of a world whose settings name
// no keys. It is the same in all of them: it is no secret.
const DefaultKey = "g401_mock_nV56gjYZc7qDc4fgK9D5KBO8vGzJsaqh0DRCnNKDWVq3nMpLC"

// Realm is what the challenges of worlds name.
const Realm = "mock"

// Audience is aud of the access tokens of worlds.
const Audience = "mock-api"

func (s *Settings) people() []Person {
	if s.People == nil {
		return DefaultPeople()
	}
	return s.People
}

func (s *Settings) keys() []Key {
	if s.Keys != nil {
		return s.Keys
	}
	people := s.people()
	if len(people) == 0 {
		return nil
	}
	return []Key{{Value: DefaultKey, Owner: people[0].Name, Scopes: people[0].Scopes, Groups: people[0].Groups}}
}

func (s *Settings) accept() []string {
	if s.Accept == nil {
		return []string{"bearer", "basic", "api-key"}
	}
	return s.Accept
}
