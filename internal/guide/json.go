package guide

import (
	"encoding/json"

	"github.com/gate401/gate401/reason"
)

// Entry is one reason as JSON: all fields of the catalogue, and where its page
// is.
type Entry struct {
	Code        reason.Code   `json:"code"`
	Status      int           `json:"status"`
	Error       string        `json:"error,omitempty"`
	ShownAs     reason.Code   `json:"shown_as,omitempty"`
	ShownOnly   bool          `json:"shown_only,omitempty"`
	StandsFor   []reason.Code `json:"stands_for,omitempty"`
	Retry       reason.Retry  `json:"retry"`
	Title       string        `json:"title"`
	Detail      string        `json:"detail"`
	Explain     string        `json:"explain"`
	FixUser     string        `json:"fix_user"`
	FixCaller   string        `json:"fix_caller"`
	FixOperator string        `json:"fix_operator"`
	Spec        string        `json:"spec"`
	Since       string        `json:"since"`
	Family      string        `json:"family"`
	Page        string        `json:"page"`
}

// Retry is one of the words that tell a client what to do.
type Retry struct {
	Retry   reason.Retry `json:"retry"`
	Title   string       `json:"title"`
	Explain string       `json:"explain"`
	Same    bool         `json:"same_credential"`
	Person  bool         `json:"person"`
}

// Index is the whole catalogue as JSON.
type Index struct {
	Reasons []Entry `json:"reasons"`
	Retries []Retry `json:"retries"`
}

func entryOf(info reason.Info, prefix string) Entry {
	e := Entry{
		Code: info.Code, Status: info.Status, Error: info.Error, ShownAs: info.ShownAs, ShownOnly: reason.ShownOnly(info.Code),
		Retry: info.Retry, Title: info.Title, Detail: info.Detail, Explain: info.Explain,
		FixUser: info.FixUser, FixCaller: info.FixCaller, FixOperator: info.FixOperator,
		Spec: info.Spec, Since: info.Since, Page: info.Page(prefix),
	}
	for _, masked := range behind(info.Code) {
		e.StandsFor = append(e.StandsFor, masked.Code)
	}
	family, _, _ := place(info.Code)
	e.Family = family.ID
	return e
}

func indexOf(prefix string) Index {
	var x Index
	for _, info := range reason.All() {
		x.Reasons = append(x.Reasons, entryOf(info, prefix))
	}
	for _, r := range reason.Retries() {
		x.Retries = append(x.Retries, Retry{r.Retry, r.Title, r.Explain, r.Same, r.Person})
	}
	return x
}

// encode writes JSON that a person can read too. What is encoded are strings
// and numbers of our own, which cannot fail.
func encode(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}
