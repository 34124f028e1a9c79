package reason

// Lookup answers the entry of a code.
func Lookup(code Code) (Info, bool) { return Info{}, false }

// All answers a fresh copy of the whole catalogue, sorted by code.
func All() []Info { return nil }

// Info answers the entry of the code. An unknown code answers the entry of
// [CheckFailed]: a refusal that nobody can name is still a refusal.
func (c Code) Info() Info { return Info{} }

// Shown answers the entry that the caller may see, following ShownAs.
func (c Code) Shown() Info { return Info{} }

// ShownOnly reports whether the code only ever stands for others.
func ShownOnly(code Code) bool { return false }
