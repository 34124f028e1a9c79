package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
)

// chooseEntry finds the request that --entry means, counted from 1; 0 leaves
// the choice to the diagnosis.
func chooseEntry(c capture.Capture, entry string) (int, error) {
	if entry == "" {
		return 0, nil
	}
	if n, err := strconv.Atoi(entry); err == nil {
		if n < 1 || n > len(c.Exchanges) {
			return 0, usagef(listEntries(c), "--entry: there are %d requests, counted from 1", len(c.Exchanges))
		}
		return n, nil
	}
	first := 0
	for i, x := range c.Exchanges {
		// What stands in a query is often the URL of another request.
		inQuery := !strings.Contains(x.Request.URL.Host+x.Request.URL.Path, entry)
		switch {
		case !strings.Contains(x.Request.URL.String(), entry):
		case failed(x) && !inQuery:
			return i + 1, nil
		case first == 0 || !inQuery && !strings.Contains(c.Exchanges[first-1].Request.URL.Path, entry):
			first = i + 1
		}
	}
	if first == 0 {
		return 0, usagef(listEntries(c), "--entry: no URL has this in it")
	}
	return first, nil
}

func failed(x capture.Exchange) bool {
	return x.Response != nil && (x.Response.Status == 0 || x.Response.Status >= 400)
}

// maxListed bounds a list in a hint.
const maxListed = 12

// listEntries names the requests without what may be secret in their URLs.
func listEntries(c capture.Capture) string {
	var b strings.Builder
	b.WriteString("these are there:")
	for i, x := range c.Exchanges {
		if i == maxListed {
			fmt.Fprintf(&b, "\n  ... and %d more", len(c.Exchanges)-i)
			break
		}
		status := "no answer"
		if x.Response != nil && x.Response.Status > 0 {
			status = strconv.Itoa(x.Response.Status)
		}
		u := x.Request.URL
		fmt.Fprintf(&b, "\n  %d  %s %s  %s", i+1, explain.Visible(x.Request.Method), explain.Visible(u.Host+u.Path), status)
	}
	return b.String()
}
