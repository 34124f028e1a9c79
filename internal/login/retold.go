package login

import (
	"io"
	"net/http"
	"strings"

	"github.com/gate401/gate401/reason"
)

// What is told of a one-time code that is not right.
const (
	wrongCode     = "The code is not right"
	wrongCodeHelp = "Each code is good once, for half a minute. Wait for the next one and type it."
)

// retold writes what the Responder writes, in other words: the catalogue has those
// of a password for every proof that is not right, and whoever reads them at the
// second step would look for the fault where there is none.
type retold struct {
	http.ResponseWriter

	words *strings.Replacer
}

// ofCode tells of a wrong code what is told of a wrong password.
func ofCode(w http.ResponseWriter, shown reason.Info) http.ResponseWriter {
	return retold{w, strings.NewReplacer(shown.Title, wrongCode, shown.Detail, wrongCodeHelp)}
}

// Unwrap is for http.ResponseController.
func (w retold) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader leaves out the length of the other words.
func (w retold) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

// Write is called once, with all of a body.
func (w retold) Write(b []byte) (int, error) {
	_, err := io.WriteString(w.ResponseWriter, w.words.Replace(string(b)))
	return len(b), err
}
