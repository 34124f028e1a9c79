package cli

import (
	"encoding/json"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/gate401/gate401/internal/explain"
)

// table lays rows out in columns without lines. On a terminal the last column
// is wrapped at the edge; elsewhere a row is one line, for grep.
func (a *app) table(head []string, rows [][]string) string {
	if len(rows) == 0 {
		return ""
	}
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatUpper
	if a.style.Color {
		style.Color.Header = text.Colors{text.Faint}
	}
	t.SetStyle(style)
	t.AppendHeader(row(head))
	used := 0
	for i, name := range head {
		w := text.StringWidthWithoutEscSequences(name)
		for _, r := range rows {
			w = max(w, text.StringWidthWithoutEscSequences(r[i]))
		}
		if i < len(head)-1 {
			used += w + 2
		}
	}
	if room := a.style.Width - used; !a.wide && room >= 20 {
		t.SetColumnConfigs([]table.ColumnConfig{{Number: len(head), WidthMax: room, WidthMaxEnforcer: text.WrapSoft}})
	}
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}

// json prints a result as one JSON document over several lines.
func (a *app) json(v any) error {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	a.print(string(out) + "\n")
	return nil
}

// jsonLine prints a result as one line.
func (a *app) jsonLine(v any) error {
	out, err := json.Marshal(v)
	if err != nil {
		return err
	}
	a.print(string(out) + "\n")
	return nil
}

// orDash shows that there is nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// words joins a list for a table.
func words(list []string) string { return orDash(explain.Visible(strings.Join(list, " "))) }
