package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gate401/gate401/internal/mock/wire"
)

// Paths of the Handler.
const (
	PathEntries = "/__mock/api/journal"
	PathHAR     = "/__mock/api/journal.har"
	PathStream  = "/__mock/api/journal/stream"
)

// maxPage is how many entries one answer of the API holds.
const maxPage = 1000

// Page is what GET of PathEntries answers. Ask again with after=Last for what
// follows.
type Page struct {
	Entries []Entry `json:"entries"`
	Last    int64   `json:"last"` // ID of the last entry of the page, else that which was asked for
	More    bool    `json:"more"` // there are more behind Last
	Stats   Stats   `json:"stats"`
}

// Handler answers the paths of the journal's API:
//
//	GET    /__mock/api/journal?session=&after=&limit=&newest=1&unmatched=1   a Page
//	DELETE /__mock/api/journal?session=                          {"cleared":n}
//	GET    /__mock/api/journal.har?session=&after=&limit=&secrets=show
//	GET    /__mock/api/journal/stream?session=&after=            server-sent events
//
// The stream has the events "entry" (an Entry) and "lost" ({"lost":n}), begins
// behind after, or behind the Last-Event-ID of a browser that comes back, and
// with the next entry where neither is given. The Handler asks for no proof: let
// nobody reach it who may not read credentials.
func (j *Journal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathEntries, j.serveEntries)
	mux.HandleFunc("DELETE "+PathEntries, j.serveClear)
	mux.HandleFunc("GET "+PathHAR, j.serveHAR)
	mux.HandleFunc("GET "+PathStream, j.serveStream)
	return mux
}

func (j *Journal) serveEntries(w http.ResponseWriter, r *http.Request) {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		badRequest(w, err)
		return
	}
	limit := f.Limit
	if limit == 0 || limit > maxPage {
		limit = maxPage
	}
	f.Limit = limit
	if !f.Newest {
		f.Limit++ // to see whether there are more
	}
	p := Page{Entries: j.Entries(f), Last: f.After, Stats: j.Stats()}
	if len(p.Entries) > limit {
		p.Entries, p.More = p.Entries[:limit], true
	}
	if n := len(p.Entries); n > 0 {
		p.Last = p.Entries[n-1].ID
	}
	wire.JSON(w, http.StatusOK, p)
}

func (j *Journal) serveClear(w http.ResponseWriter, r *http.Request) {
	n := j.Clear(r.URL.Query().Get("session"))
	wire.JSON(w, http.StatusOK, map[string]int{"cleared": n})
}

func (j *Journal) serveHAR(w http.ResponseWriter, r *http.Request) {
	f, err := filterOf(r.URL.Query())
	show := r.URL.Query().Get("secrets")
	if err == nil && show != "" && show != "show" {
		err = fmt.Errorf("secrets=%s: the only value is show", strconv.Quote(show))
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	if f.Limit == 0 || f.Limit > maxPage {
		f.Limit, f.Newest = maxPage, f.After == 0
	}
	b, err := HAR(j.Entries(f), show == "")
	if err != nil {
		badRequest(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="gate401-mock.har"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}

func filterOf(q url.Values) (Filter, error) {
	f := Filter{Session: q.Get("session")}
	if s := q.Get("after"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return f, fmt.Errorf("after=%s: the ID of an entry is wanted, a whole number", strconv.Quote(cut(s)))
		}
		f.After = n
	}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return f, fmt.Errorf("limit=%s: a whole number from 1 to %d is wanted", strconv.Quote(cut(s)), maxPage)
		}
		f.Limit = n
	}
	for name, chosen := range map[string]*bool{"newest": &f.Newest, "unmatched": &f.Unmatched} {
		switch s := q.Get(name); s {
		case "", "0", "false":
		case "1", "true":
			*chosen = true
		default:
			return f, fmt.Errorf("%s=%s: 1 or 0 is wanted", name, strconv.Quote(cut(s)))
		}
	}
	return f, nil
}

func cut(s string) string { return s[:min(len(s), 40)] }

func badRequest(w http.ResponseWriter, err error) {
	wire.Problem(w, http.StatusBadRequest, err.Error())
}

// Rhythm of the live stream.
const (
	// heartbeat keeps proxies from ending a stream that is silent.
	heartbeat = 15 * time.Second
	// patience is how long a client may take to accept an event.
	patience = 10 * time.Second
)

func (j *Journal) serveStream(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		q.Set("after", id)
	}
	f, err := filterOf(q)
	if err != nil {
		badRequest(w, err)
		return
	}
	if q.Get("after") == "" {
		f.After = j.Stats().Last
	}
	f.Limit, f.Newest = maxPage, true
	old, sub, err := j.follow(f)
	if err != nil {
		w.Header().Set("Retry-After", "5")
		wire.Problem(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer sub.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no")
	s := stream{w, http.NewResponseController(w)}
	// The connection may serve other requests afterwards.
	defer func() { _ = s.c.SetWriteDeadline(time.Time{}) }()
	if s.send(": the journal of the mock\n\n") != nil {
		return
	}
	for _, e := range old {
		if s.entry(e) != nil {
			return
		}
	}
	for {
		e, lost, err := sub.nextWithin(r.Context(), heartbeat)
		switch {
		case errors.Is(err, errNothing):
			err = s.send(": nothing new\n\n")
		case err == nil && lost > 0:
			if err = s.send("event: lost\ndata: {\"lost\":" + strconv.Itoa(lost) + "}\n\n"); err == nil {
				err = s.entry(e)
			}
		case err == nil:
			err = s.entry(e)
		}
		if err != nil {
			return
		}
	}
}

// stream writes server-sent events, each at once.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s stream) entry(e Entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.send("id: " + strconv.FormatInt(e.ID, 10) + "\nevent: entry\ndata: " + string(b) + "\n\n")
}

func (s stream) send(event string) error {
	// Writers that know no deadline are those of tests.
	_ = s.c.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.w.Write([]byte(event)); err != nil {
		return err
	}
	return s.c.Flush()
}
