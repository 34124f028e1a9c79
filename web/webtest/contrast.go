package webtest

import (
	"fmt"
	"math"
	"strconv"
)

// Contrast is the contrast ratio of two colours, written as #rrggbb (WCAG 2.2,
// definition of "contrast ratio"): 1 for none, 21 for black on white.
func Contrast(a, b string) (float64, error) {
	first, err := luminance(a)
	if err != nil {
		return 0, err
	}
	second, err := luminance(b)
	if err != nil {
		return 0, err
	}
	return (max(first, second) + 0.05) / (min(first, second) + 0.05), nil
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(colour string) (float64, error) {
	n, err := strconv.ParseUint(colour[min(1, len(colour)):], 16, 32)
	if err != nil || len(colour) != 7 || colour[0] != '#' {
		return 0, fmt.Errorf("colour %q is not of the form #rrggbb", colour)
	}
	linear := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n), nil
}
