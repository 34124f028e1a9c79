package secondfactor_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/pquerna/otp"
)

// The corners of the picture are those of a QR code: a ring of seven modules
// around a square of three, at three of the four corners, and a margin of four.
func TestQR(t *testing.T) {
	d := newDesk(t)
	for _, account := range []string{"a", "alice", "a person with quite a long name, as people have them at large companies"} {
		if err := d.Begin(t.Context(), account, "browser"); err != nil {
			t.Fatal(err)
		}
		setup, err := d.Setup(t.Context(), account, "browser")
		if err != nil {
			t.Fatal(err)
		}
		size, path, err := setup.QR()
		if err != nil {
			t.Fatal(err)
		}
		if (size-8-21)%4 != 0 || size < 29 {
			t.Fatalf("%q: %d modules with the margin", account, size)
		}
		dark := make([][]bool, size)
		for i := range dark {
			dark[i] = make([]bool, size)
		}
		number := func(s string) int {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		runs := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1H(\d+)z`).FindAllStringSubmatch(path, -1)
		for _, run := range runs {
			if run[1] != run[4] {
				t.Fatalf("a run begins at %s and goes back to %s", run[1], run[4])
			}
			for x := range number(run[3]) {
				dark[number(run[2])][number(run[1])+x] = true
			}
		}
		corner := []string{"#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"}
		for _, at := range [][2]int{{4, 4}, {size - 11, 4}, {4, size - 11}} {
			for y, line := range corner {
				for x, c := range line {
					if dark[at[1]+y][at[0]+x] != (c == '#') {
						t.Fatalf("%q: the corner at %v differs at %d, %d", account, at, x, y)
					}
				}
			}
		}
		// The library draws it at one pixel for each module, if it is told how many.
		key, err := otp.NewKeyFromURL(setup.URL())
		if err != nil {
			t.Fatal(err)
		}
		img, err := key.Image(size-8, size-8)
		if err != nil {
			t.Fatal(err)
		}
		for y := range size - 8 {
			for x := range size - 8 {
				if r, _, _, _ := img.At(x, y).RGBA(); dark[y+4][x+4] != (r == 0) {
					t.Fatalf("%q: the module at %d, %d differs", account, x, y)
				}
			}
		}
		for i := range size {
			for m := range 4 {
				if dark[m][i] || dark[i][m] || dark[size-1-m][i] || dark[i][size-1-m] {
					t.Fatalf("%q: there is something in the margin", account)
				}
			}
		}
	}
}
