package cli

// listing is what a list command prints: a JSON array, or a table.
type listing[T any] struct {
	head  []string
	items []T
	rows  [][]string
}

// add puts one record in, with its cells.
func (l *listing[T]) add(item T, cells ...string) {
	l.items = append(l.items, item)
	l.rows = append(l.rows, cells)
}

// print prints it; none is what people are told where there is nothing.
func (l *listing[T]) print(a *app, asJSON bool, none string) error {
	if asJSON {
		return a.json(append([]T{}, l.items...))
	}
	if len(l.rows) == 0 {
		a.say("%s", none)
	}
	a.print(a.table(l.head, l.rows))
	return nil
}
