package explain

import (
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// nameScriptBug says which slip of a script wrote the word in place of a token:
// JavaScript makes text of anything that stands in a template or behind a plus.
func nameScriptBug(value string, found []Finding) {
	for i, f := range found {
		if f.ID != httpauth.IDTokenPlaceholder || f.Offset < 0 || f.Offset > len(value) {
			continue
		}
		switch strings.TrimSpace(value[f.Offset:]) {
		case "undefined":
			found[i].Hint = "JavaScript writes undefined for a variable or property that was never set: the token was not loaded yet, or its name is misspelt (token or access_token?)"
		case "null":
			found[i].Hint = "JavaScript writes null for what is not there: localStorage.getItem found no token, so nobody is logged in, or the key is another"
		case "[object Object]":
			found[i].Hint = "JavaScript writes [object Object] for an object: send the text in it, such as response.access_token"
		case "[object Promise]":
			found[i].Hint = "JavaScript writes [object Promise] for a promise: an await is missing before the call that gets the token"
		}
	}
}
