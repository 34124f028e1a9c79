package password

// Occupy takes the only slot of h and returns a function that frees it.
func Occupy(h *Hasher) (free func()) {
	h.slot <- struct{}{}
	return func() { <-h.slot }
}

// Busy returns how many slots are taken.
func Busy(h *Hasher) int { return len(h.slot) }

// Reparse parses an argon2id PHC string and prints it again.
func Reparse(s string) (string, Params, error) {
	p, err := parsePHC(s)
	if err != nil {
		return "", p.params, err
	}
	return p.String(), p.params, nil
}
