package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Statuses are statuses of HTTP. A file has them one by one or as 200-399.
type Statuses []int

// The least and the greatest status that a server can be well with: those below
// 200 are no answers yet.
const (
	minStatus = 200
	maxStatus = 599
)

// statuses are those from first to last.
func statuses(first, last int) Statuses {
	all := make(Statuses, 0, last-first+1)
	for s := first; s <= last; s++ {
		all = append(all, s)
	}
	return all
}

// statuses reads a list of numbers and ranges.
func (d *decoder) statuses(n *yaml.Node, path string, to *Statuses) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, "a list")
		return
	}
	if len(n.Content) == 0 {
		d.fault(at(n), path, "remove the key, or name something", "the list is empty")
		return
	}
	var out Statuses
	for i, c := range n.Content {
		below := indexed(path, i)
		if c.ShortTag() != "!!str" {
			var one int
			d.value(c, below, reflect.ValueOf(&one).Elem(), bounds{min: minStatus, max: maxStatus})
			out = append(out, one)
			continue
		}
		text, ok := d.text(c, below)
		if !ok {
			continue
		}
		low, high, _ := strings.Cut(text, "-")
		first, err := strconv.Atoi(low)
		last, wrong := strconv.Atoi(high)
		if err != nil || wrong != nil || first < minStatus || last > maxStatus || first > last {
			d.fault(at(c), below, fmt.Sprintf("write it as in 204 or 200-399, between %d and %d", minStatus, maxStatus),
				"%s is neither a status nor a range of them", d.src.quote(below, text))
			continue
		}
		out = append(out, statuses(first, last)...)
	}
	*to = out
}

// statuses prints three and more in a row as a range.
func (p *printer) statuses(all Statuses) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for i := 0; i < len(all); {
		last := i
		for last+1 < len(all) && all[last+1] == all[last]+1 {
			last++
		}
		if last-i < 2 {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(all[i])})
			i++
			continue
		}
		n.Content = append(n.Content, scalar(fmt.Sprintf("%d-%d", all[i], all[last])))
		i = last + 1
	}
	return n
}
