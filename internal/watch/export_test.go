package watch

import "time"

// Mask is mask for text.
func Mask(s string) string { return string(mask([]byte(s))) }

// MaskBytes is mask.
func MaskBytes(b []byte) []byte { return mask(b) }

// Harmless is harmless for text.
func Harmless(s string) bool { return harmless([]byte(s)) }

// Clock is clock.
type Clock struct{ c clock }

// Append is clock.append.
func (c *Clock) Append(b []byte, t time.Time) []byte { return c.c.append(b, t) }
