package endpoint

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/mock/wire"
)

// Paths of the API.
const (
	PathEndpoints = "/__mock/api/endpoints"
	PathNew       = "/__mock/new"
)

// View is an endpoint as the API shows it.
type View struct {
	Endpoint
	// URL is an address that it answers.
	URL string `json:"url"`
	// Requests is how many it answered in the session that was asked about.
	Requests uint64 `json:"requests"`
}

// API answers the paths by which endpoints are made:
//
//	GET    /__mock/api/endpoints?session=        {"endpoints":[View]}
//	POST   /__mock/api/endpoints                 what Decode reads; 201 {"endpoints":[View]}
//	GET    /__mock/api/endpoints/{id}            View
//	PUT    /__mock/api/endpoints/{id}            one endpoint; 200 View
//	DELETE /__mock/api/endpoints/{id}            204
//	POST   /__mock/api/endpoints/reset?session=  204; the counters begin again
//	POST   /__mock/api/endpoints/match           {"method","target","headers"}: Matched
//	POST   /__mock/new?path=/orders&answer=401,401,200   what FromQuery reads; 201 View
//
// What is wrong with a definition is answered with 400 and {"errors":[Error]}. It
// asks for no proof: let nobody reach it whom you would not let change the mock,
// nor a page of another origin.
func (s *Set) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathEndpoints, s.serveList)
	mux.HandleFunc("POST "+PathEndpoints, s.serveAdd)
	mux.HandleFunc("GET "+PathEndpoints+"/{id}", s.serveGet)
	mux.HandleFunc("PUT "+PathEndpoints+"/{id}", s.servePut)
	mux.HandleFunc("DELETE "+PathEndpoints+"/{id}", s.serveDelete)
	mux.HandleFunc("POST "+PathEndpoints+"/reset", s.serveReset)
	mux.HandleFunc("POST "+PathEndpoints+"/match", s.serveMatch)
	mux.HandleFunc("POST "+PathNew, s.serveNew)
	return mux
}

func (s *Set) view(r *http.Request, e Endpoint, session string) View {
	v := View{Endpoint: e, URL: origin(r) + sample(&e)}
	s.mu.RLock()
	m := s.byID[e.ID]
	s.mu.RUnlock()
	if m != nil {
		v.Requests = s.counters.requests(m.number, session)
	}
	return v
}

func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// sample is a path that the endpoint answers.
func sample(e *Endpoint) string {
	p, err := parsePattern(e.Path)
	if err != nil {
		return e.Path
	}
	var b strings.Builder
	if e.Session != "" {
		b.WriteString("/s/" + e.Session)
	}
	for _, seg := range p {
		b.WriteByte('/')
		switch seg.kind {
		case literal:
			b.WriteString(url.PathEscape(seg.text))
		default:
			b.WriteByte('1')
		}
	}
	return b.String()
}

func (s *Set) serveList(w http.ResponseWriter, r *http.Request) {
	session := r.URL.Query().Get("session")
	views := []View{}
	for _, e := range s.List(session) {
		views = append(views, s.view(r, e, session))
	}
	wire.JSON(w, http.StatusOK, map[string]any{"endpoints": views})
}

func (s *Set) serveAdd(w http.ResponseWriter, r *http.Request) {
	all, ok := s.decode(w, r)
	if !ok {
		return
	}
	added, err := s.Add(all...)
	if err != nil {
		writeError(w, err)
		return
	}
	views := make([]View, len(added))
	for i, e := range added {
		views[i] = s.view(r, e, e.Session)
	}
	if len(added) == 1 {
		w.Header().Set("Location", PathEndpoints+"/"+added[0].ID)
	}
	wire.JSON(w, http.StatusCreated, map[string]any{"endpoints": views})
}

func (s *Set) serveNew(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		writeError(w, Errors{{Message: "the query cannot be read: a ; or a broken percent sign", Hint: "let curl encode it: -G -X POST --data-urlencode 'match=header authorization missing'"}})
		return
	}
	e, err := FromQuery(q)
	if err != nil {
		writeError(w, err)
		return
	}
	added, err := s.Add(e)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Location", PathEndpoints+"/"+added[0].ID)
	wire.JSON(w, http.StatusCreated, s.view(r, added[0], e.Session))
}

func (s *Set) serveGet(w http.ResponseWriter, r *http.Request) {
	e, ok := s.Get(r.PathValue("id"))
	if !ok {
		s.unknown(w, r)
		return
	}
	wire.JSON(w, http.StatusOK, s.view(r, e, e.Session))
}

func (s *Set) servePut(w http.ResponseWriter, r *http.Request) {
	all, ok := s.decode(w, r)
	if !ok {
		return
	}
	id := r.PathValue("id")
	if len(all) != 1 || all[0].ID != "" && all[0].ID != id {
		writeError(w, Errors{{Path: "id", Message: "exactly one endpoint is wanted here, with this id or without one"}})
		return
	}
	all[0].ID = id
	e, err := s.Put(all[0])
	if err != nil {
		writeError(w, err)
		return
	}
	wire.JSON(w, http.StatusOK, s.view(r, e, e.Session))
}

func (s *Set) serveDelete(w http.ResponseWriter, r *http.Request) {
	if !s.Delete(r.PathValue("id")) {
		s.unknown(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Set) unknown(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	known := make([]string, 0, len(s.byID))
	for id := range s.byID {
		known = append(known, id)
	}
	s.mu.RUnlock()
	wire.ProblemWith(w, http.StatusNotFound, "there is no endpoint "+quote(r.PathValue("id")), "errors", Errors{{Path: "id",
		Message: "unknown", Hint: suggest(r.PathValue("id"), known[:min(len(known), MaxTogether)], "GET "+PathEndpoints+" lists them")}})
}

func (s *Set) serveReset(w http.ResponseWriter, r *http.Request) {
	s.Reset(r.URL.Query().Get("session"))
	w.WriteHeader(http.StatusNoContent)
}

// Matched is what POST of match answers.
type Matched struct {
	// Endpoint is the one that answers such a request, empty where none does.
	Endpoint string `json:"endpoint,omitempty"`
	// Nearest are the others that came closest, and why they do not answer.
	Nearest []Miss `json:"nearest"`
}

// Match says which endpoint would answer a request, without counting it, and
// which others came closest, at most n.
func (s *Set) Match(r *http.Request, n int) Matched {
	out := Matched{Nearest: []Miss{}}
	m, _, _ := s.find(r)
	if m != nil {
		out.Endpoint = m.ID
	}
	for _, miss := range s.Nearest(r, n+1) {
		if miss.ID != out.Endpoint && len(out.Nearest) < n {
			out.Nearest = append(out.Nearest, miss)
		}
	}
	return out
}

// nearestShown is how many near misses an answer of the API has.
const nearestShown = 5

func (s *Set) serveMatch(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Method  string            `json:"method"`
		Target  string            `json:"target"`
		Headers map[string]Values `json:"headers"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&asked); err != nil {
		writeError(w, Errors{{Message: err.Error(), Hint: `{"method":"GET","target":"/orders","headers":{"Authorization":"Bearer x"}}`}})
		return
	}
	if asked.Method == "" {
		asked.Method = http.MethodGet
	}
	u, err := url.ParseRequestURI(asked.Target)
	if err != nil || !isToken(asked.Method) {
		writeError(w, Errors{{Path: "target", Message: "this is no request target", Hint: "such as /orders?page=2"}})
		return
	}
	req := &http.Request{Method: asked.Method, URL: u, RequestURI: asked.Target, Host: r.Host, Header: http.Header{}}
	for name, values := range asked.Headers {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	wire.JSON(w, http.StatusOK, s.Match(req, nearestShown))
}

// UnmarshalJSON reads a text or a list of texts.
func (v *Values) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*v = Values{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(v))
}

// decode reads the definitions that a request carries, and answers it where it
// cannot.
func (s *Set) decode(w http.ResponseWriter, r *http.Request) ([]Endpoint, bool) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxSize))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			wire.Problem(w, http.StatusRequestEntityTooLarge, "a document has at most "+strconv.Itoa(MaxSize)+" octets")
			return nil, false
		}
		wire.Problem(w, http.StatusBadRequest, "the request ended too early")
		return nil, false
	}
	all, err := Decode("", data)
	if err != nil {
		writeError(w, err)
		return nil, false
	}
	return all, true
}

func writeError(w http.ResponseWriter, err error) {
	var errs Errors
	switch {
	case errors.As(err, &errs):
		wire.ProblemWith(w, http.StatusBadRequest, errs.Error(), "errors", errs)
	case errors.Is(err, ErrFull):
		wire.Problem(w, http.StatusConflict, err.Error())
	default:
		wire.Problem(w, http.StatusBadRequest, err.Error())
	}
}
