package reason

import "slices"

// table is the whole catalogue, sorted by code. It is made once, before main,
// and never changed; nothing that is handed out shares memory with it.
var table = sorted(accessTable, bindingTable, keyTable, oauthTable, passwordTable, pauseTable, requestTable, sessionTable, tokenTable)

// index finds an entry by its code.
var index = indexed(table)

// checkFailed is what an unknown code turns into.
var checkFailed = index[CheckFailed]

// entry keeps what a refusal needs in two steps of one map lookup.
type entry struct {
	info  *Info
	shown *Info
	only  bool // stands for others and is never a cause itself
}

func sorted(families ...[]Info) []Info {
	all := slices.Concat(families...)
	slices.SortFunc(all, func(a, b Info) int {
		switch {
		case a.Code < b.Code:
			return -1
		case a.Code > b.Code:
			return 1
		}
		return 0
	})
	return all
}

func indexed(all []Info) map[Code]*entry {
	byCode := make(map[Code]*entry, len(all))
	for i := range all {
		byCode[all[i].Code] = &entry{info: &all[i], shown: &all[i]}
	}
	for _, e := range byCode {
		if shown, ok := byCode[e.info.ShownAs]; ok {
			e.shown = shown.info
		}
	}
	for _, code := range []Code{CredentialsInvalid, TokenInvalid, APIKeyInvalid, ClientInvalid, GrantInvalid, AccessDenied} {
		byCode[code].only = true
	}
	return byCode
}

// Lookup answers the entry of a code, and whether there is one.
func Lookup(code Code) (Info, bool) {
	if e, ok := index[code]; ok {
		return *e.info, true
	}
	return Info{}, false
}

// All answers the whole catalogue, sorted by code. The slice is the caller's
// own.
func All() []Info { return slices.Clone(table) }

// Info answers the entry of the code. An unknown code, also the empty one,
// answers the entry of [CheckFailed]: a refusal that nobody can name must
// still refuse, and must not cost the client its credentials.
func (c Code) Info() Info {
	if e, ok := index[c]; ok {
		return *e.info
	}
	return *checkFailed.info
}

// Shown answers the entry that the caller is told, following ShownAs. This is
// the one place where account enumeration is prevented: whatever leaves the
// gate is made from this entry, never from that of the cause.
func (c Code) Shown() Info {
	if e, ok := index[c]; ok {
		return *e.shown
	}
	return *checkFailed.info
}

// ShownOnly reports whether the code only ever stands for others: it is a page
// and an answer, but never itself the cause of a refusal.
func ShownOnly(code Code) bool {
	e, ok := index[code]
	return ok && e.only
}
