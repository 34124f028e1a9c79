package cli

import (
	"strings"
	"time"

	"github.com/gate401/gate401/internal/explain"
)

// facts are what a show command prints of one record, a line for each thing that
// there is.
type facts struct {
	app  *app
	rows [][2]string
}

// add leaves out what is empty. Values may be of strangers.
func (f *facts) add(name, value string) {
	if value != "" {
		f.rows = append(f.rows, [2]string{name, explain.Visible(value)})
	}
}

func (f *facts) list(name string, values []string) { f.add(name, strings.Join(values, " ")) }

// at tells a time, and how far away it is.
func (f *facts) at(name string, t *time.Time) {
	if t != nil {
		f.add(name, explain.Moment(*t)+" ("+ago(*t, f.app.Now())+")")
	}
}

func (f *facts) print() { f.app.print(f.app.style.Pairs("", f.rows)) }
