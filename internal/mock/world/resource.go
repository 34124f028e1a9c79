package world

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

// maxOrders is how many orders of its clients a world keeps.
const maxOrders = 50

// order is what the API is about.
type order struct {
	ID   int    `json:"id"`
	Item string `json:"item"`
	By   string `json:"by"`
}

// stock is what is there before anybody ordered anything.
var stock = [...]order{{1, "tea", "alice"}, {2, "hat", "bob"}, {3, "cards", "alice"}}

// identity is who the gate let pass.
type identity struct {
	Subject    string   `json:"subject"`
	Method     string   `json:"method"`
	Groups     []string `json:"groups"`
	Scopes     []string `json:"scopes"`
	Credential string   `json:"credential,omitempty"`
}

func identityOf(id *gate401.Identity) identity {
	return identity{id.Subject, id.Method, append([]string{}, id.Groups...), append([]string{}, id.Scopes...), id.Credential}
}

// serveAPI asks the gate, and answers for the resources behind it.
func (l *life) serveAPI(rw http.ResponseWriter, hr *http.Request) {
	r, d := l.gate.Judge(hr)
	if code := d.Reason(); code != "" {
		journal.NoteOf(hr.Context()).Reason = code
	}
	if !d.Allow {
		l.world.shared.responder.Respond(rw, r, d)
		return
	}
	h := rw.Header()
	for name, values := range d.Header {
		if name == "Vary" {
			values = append(h[name], values...) // it adds up
		}
		h[name] = values
	}
	h["X-Request-Id"] = []string{r.ID}
	l.resource(rw, hr, strings.Trim(strings.TrimPrefix(r.Path, l.world.path()+"/api"), "/"), d.Identity)
}

func (l *life) resource(rw http.ResponseWriter, hr *http.Request, path string, id *gate401.Identity) {
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "orders":
		l.serveOrders(rw, hr, rest, id)
	case "payments":
		if allow(rw, hr, http.MethodPost) {
			wire.Pretty(rw, http.StatusCreated, map[string]any{"paid": true, "identity": identityOf(id)})
		}
	default:
		// Whatever path a client under test has is there, for who may see it.
		wire.Pretty(rw, http.StatusOK, map[string]any{"path": "/" + path, "method": hr.Method, "identity": identityOf(id)})
	}
}

func (l *life) serveOrders(rw http.ResponseWriter, hr *http.Request, rest string, id *gate401.Identity) {
	if rest != "" {
		l.serveOrder(rw, hr, rest, id)
		return
	}
	if !allow(rw, hr, http.MethodGet, http.MethodPost) {
		return
	}
	if hr.Method != http.MethodPost {
		l.mu.Lock()
		all := append(stock[:len(stock):len(stock)], l.orders...)
		l.mu.Unlock()
		wire.Pretty(rw, http.StatusOK, map[string]any{"orders": all, "identity": identityOf(id)})
		return
	}
	made := order{By: id.Subject, Item: "something"}
	item, err := readItem(rw, hr)
	if err != nil {
		wire.Problem(rw, http.StatusBadRequest, err.Error())
		return
	}
	if item != "" {
		made.Item = item
	}
	l.mu.Lock()
	full := len(l.orders) >= maxOrders
	if !full {
		made.ID = len(stock) + len(l.orders) + 1
		l.orders = append(l.orders, made)
	}
	l.mu.Unlock()
	if full {
		wire.Problem(rw, http.StatusConflict, "This world has all the orders that it can keep: reset it.")
		return
	}
	rw.Header().Set("Location", l.world.path()+"/api/orders/"+strconv.Itoa(made.ID))
	wire.Pretty(rw, http.StatusCreated, map[string]any{"order": made, "identity": identityOf(id)})
}

// readItem reads what is ordered: the item of a JSON object, if there is one.
func readItem(rw http.ResponseWriter, hr *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, hr.Body, maxBody))
	if err != nil {
		return "", errors.New("the body is too large, or could not be read to its end")
	}
	var sent struct {
		Item string `json:"item"`
	}
	// Any body will do.
	_ = json.Unmarshal(body, &sent)
	return clip(sent.Item), nil
}

func (l *life) serveOrder(rw http.ResponseWriter, hr *http.Request, rest string, id *gate401.Identity) {
	if !allow(rw, hr, http.MethodGet) {
		return
	}
	l.mu.Lock()
	all := append(stock[:len(stock):len(stock)], l.orders...)
	l.mu.Unlock()
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || n > len(all) {
		wire.Problem(rw, http.StatusNotFound, "There is no such order.")
		return
	}
	wire.Pretty(rw, http.StatusOK, map[string]any{"order": all[n-1], "identity": identityOf(id)})
}
