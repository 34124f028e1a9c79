package world

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/gate401/gate401/internal/mock/wire"
)

// maxListed is how many sessions a list shows.
const maxListed = 1000

// specJSON is the body of POST /__mock/api/sessions: settings, and which session
// they are for.
type specJSON struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Settings
}

// Admin returns the handler of /__mock/api/sessions: GET lists, POST makes a
// session, and below it GET and DELETE /{id} and POST /{id}/do. Who may ask is
// not its business.
func (ws *Worlds) Admin() http.Handler {
	const root = "/__mock/api/sessions"
	return http.HandlerFunc(func(rw http.ResponseWriter, hr *http.Request) {
		ws.setup()
		path, ok := strings.CutPrefix(hr.URL.Path, root)
		id, action, deeper := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		switch {
		case !ok:
			wire.Problem(rw, http.StatusNotFound, "Sessions are at "+root+".")
		case id == "":
			ws.serveSessions(rw, hr)
		case !deeper:
			ws.serveSession(rw, hr, id)
		case action == "do":
			ws.serveDo(rw, hr, id)
		default:
			wire.Problem(rw, http.StatusNotFound, "A session has GET, DELETE, and POST "+root+"/{id}/do.")
		}
	})
}

func (ws *Worlds) serveSessions(rw http.ResponseWriter, hr *http.Request) {
	if !allow(rw, hr, http.MethodGet, http.MethodPost) {
		return
	}
	if hr.Method != http.MethodPost {
		worlds, all := ws.List(maxListed)
		infos := make([]Info, len(worlds))
		for i, w := range worlds {
			infos[i] = w.Info()
		}
		wire.Pretty(rw, http.StatusOK, map[string]any{"sessions": infos, "count": all})
		return
	}
	var spec specJSON
	if err := decode(rw, hr, &spec); err != nil {
		undecoded(rw, err)
		return
	}
	w, err := ws.New(Spec{ID: spec.ID, Scenario: spec.Scenario, Settings: spec.Settings, Base: baseOf(hr)})
	var bad *SettingsError
	switch {
	case errors.As(err, &bad):
		wire.ProblemWith(rw, http.StatusBadRequest, "The settings have faults.", "errors", bad.Faults)
	case errors.Is(err, ErrExists):
		wire.Problem(rw, http.StatusConflict, "There is a session "+spec.ID+" already: delete it first, or choose another id.")
	case errors.Is(err, ErrFull):
		wire.Problem(rw, http.StatusServiceUnavailable, "There are too many sessions: delete some.")
	case errors.Is(err, ErrID), errors.Is(err, ErrScenario):
		wire.Problem(rw, http.StatusBadRequest, err.Error())
	case err != nil:
		ws.shared.report(hr, err)
		wire.Problem(rw, http.StatusInternalServerError, "The session could not be made.")
	default:
		rw.Header().Set("Location", w.path()+"/")
		wire.Pretty(rw, http.StatusCreated, w.Info())
	}
}

func (ws *Worlds) serveSession(rw http.ResponseWriter, hr *http.Request, id string) {
	if !allow(rw, hr, http.MethodGet, http.MethodDelete) {
		return
	}
	w, err := ws.Get(id)
	if err != nil {
		wire.Problem(rw, http.StatusNotFound, "There is no session "+clip(id)+".")
		return
	}
	if hr.Method == http.MethodDelete {
		// Somebody else may have been faster: it is gone either way.
		_ = ws.Remove(id)
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	wire.Pretty(rw, http.StatusOK, w.Info())
}

func (ws *Worlds) serveDo(rw http.ResponseWriter, hr *http.Request, id string) {
	if !allow(rw, hr, http.MethodPost) {
		return
	}
	w, err := ws.Get(id)
	if err != nil {
		wire.Problem(rw, http.StatusNotFound, "There is no session "+clip(id)+".")
		return
	}
	var c Command
	if err := decode(rw, hr, &c); err != nil {
		undecoded(rw, err)
		return
	}
	switch err := w.Do(hr.Context(), c); {
	case errors.Is(err, ErrCommand):
		wire.Problem(rw, http.StatusBadRequest, err.Error())
	case err != nil:
		ws.shared.report(hr, err)
		wire.Problem(rw, http.StatusInternalServerError, "The command could not be carried out.")
	default:
		wire.Pretty(rw, http.StatusOK, w.Info())
	}
}

// undecoded answers for a body that decode does not read.
func undecoded(rw http.ResponseWriter, err error) {
	var bad *SettingsError
	if errors.As(err, &bad) {
		wire.ProblemWith(rw, http.StatusBadRequest, "The body has keys that nobody knows.", "errors", bad.Faults)
		return
	}
	wire.Problem(rw, http.StatusBadRequest, err.Error())
}

// decode reads one JSON object and nothing else; an empty body is an empty one.
func decode(rw http.ResponseWriter, hr *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(rw, hr.Body, maxBody))
	if err != nil {
		return errors.New("the body is too large, or could not be read to its end")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if faults := unknown(body, reflect.TypeOf(into).Elem()); len(faults) > 0 {
		return &SettingsError{faults}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("the body is no such JSON object: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// randomID is a session id that nobody guesses or has.
func randomID() string { return strings.ToLower(rand.Text()) }

func (s *shared) report(hr *http.Request, err error) {
	if s.log != nil {
		s.log.ErrorContext(hr.Context(), "mock session broken", slog.Any("error", err))
	}
}
