package authn

// ParseHtpasswd returns the names in a file and the faults in it.
func ParseHtpasswd(data []byte) (names []string, err error) {
	u, err := parseHtpasswd(data)
	if err != nil {
		return nil, err
	}
	for name := range u.accounts {
		names = append(names, name)
	}
	return names, nil
}

// Unready leaves of what is remembered what was not kept ready to use.
func (k *Keys) Unready() {
	k.once.Do(k.setup)
	for i := range k.ready.places {
		k.ready.places[i].Store(nil)
	}
}

// Unready leaves of what is remembered what was not kept ready to use.
func (b *Bearer) Unready() { b.once.Do(b.setup); b.known.cache.InvalidateAll() }

// QueryValues and CookieValues collect what the readers yield.
func QueryValues(raw, name string) (out []string) {
	for v := range queryValues(raw, name) {
		out = append(out, v)
	}
	return out
}

func CookieValues(fields []string, name string) (out []string) {
	for v := range cookieValues(fields, name) {
		out = append(out, v)
	}
	return out
}

// CostOf reads the cost of a hash: argon2id in KiB times passes, bcrypt in rounds.
func CostOf(hash string) (argon2, bcrypt uint64) {
	w := costOf(hash)
	return w.argon2, w.bcrypt
}
