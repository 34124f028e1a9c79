package yamldoc

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// unclosed finds the bracket or the quotation mark that was opened last and is
// not closed, or the bracket that stands within a word between brackets, which the reader of YAML tells only by the place where it could not
// go on, if at all. The text is not read as YAML, which it is not: only brackets
// and quotation marks that begin a value count, and comments do not.
func unclosed(text string) *Fault {
	type open struct {
		mark         byte
		line, column int
	}
	var stack []open
	var inText *open
	line, begin := 1, 0
	fresh := true // a value may begin here
	for i := 0; i < len(text); i++ {
		here := func() open { return open{text[i], line, 1 + utf8.RuneCountInString(text[begin:i])} }
		switch c := text[i]; {
		case c == '\n':
			line, begin = line+1, i+1
			fresh = true
		case c == ' ' || c == '\t' || c == '\r':
		case c == '#' && (i == begin || text[i-1] == ' ' || text[i-1] == '\t'):
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case (c == '"' || c == '\'') && fresh:
			quote := here()
			for i++; i < len(text) && text[i] != c; i++ {
				switch {
				case text[i] == '\\' && c == '"':
					i++
				case text[i] == '\n':
					line, begin = line+1, i+1
				}
			}
			if i >= len(text) {
				return &Fault{Line: quote.line, Column: quote.column, Message: fmt.Sprintf("the quotation mark %c is not closed", c),
					Hint: "write another one where the text ends"}
			}
			// Two of ' in a row stand for one.
			fresh = c == '\'' && i+1 < len(text) && text[i+1] == c
		case (c == '{' || c == '[') && (fresh || len(stack) > 0):
			if at := here(); inText == nil && !fresh && strings.IndexByte(" \t\r\n\"'{}[],:", text[i-1]) < 0 {
				inText = &at
			}
			stack, fresh = append(stack, here()), true
		case (c == '}' || c == ']') && len(stack) > 0:
			last := stack[len(stack)-1]
			if closing(last.mark) != c {
				return missing(last.mark, last.line, last.column)
			}
			stack, fresh = stack[:len(stack)-1], false
		default:
			// After a key in quotes, as in JSON, no space is needed.
			end := i+1 == len(text) || strings.IndexByte(" \t\r\n", text[i+1]) >= 0 || c == ':' && i > 0 && strings.IndexByte(`"'`, text[i-1]) >= 0
			fresh = c == ',' && len(stack) > 0 || (c == ':' || c == '-' && fresh) && end
		}
	}
	if len(stack) == 0 {
		if inText == nil {
			return nil
		}
		return &Fault{Line: inText.line, Column: inText.column, Message: fmt.Sprintf("the %c stands in text without quotes", inText.mark),
			Hint: "put the whole text in quotes, as in path: \"/users/{user}/**\""}
	}
	last := stack[len(stack)-1]
	return missing(last.mark, last.line, last.column)
}

func missing(mark byte, line, column int) *Fault {
	return &Fault{Line: line, Column: column, Message: fmt.Sprintf("the %c is not closed", mark),
		Hint: fmt.Sprintf("a %c is missing, perhaps on this line", closing(mark))}
}

// closing is the bracket that closes another.
func closing(mark byte) byte {
	if mark == '{' {
		return '}'
	}
	return ']'
}
