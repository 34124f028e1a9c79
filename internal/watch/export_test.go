package watch

// Mask is mask for text.
func Mask(s string) string { return string(mask([]byte(s))) }

// MaskBytes is mask.
func MaskBytes(b []byte) []byte { return mask(b) }
