package demo

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of the API: a demo that anyone may write to must stay small.
const (
	maxOrders   = 1000
	maxBody     = 16 << 10
	maxItem     = 80
	maxQuantity = 1000
)

// Orders is a small shop: the application behind the gate. Its fields are set
// before the first request. Safe for concurrent use.
type Orders struct {
	// Page answers for "/" and "/demo/"; nil shows a list of addresses.
	Page http.Handler
	// Basket shows a person at a browser what they ordered; nil answers with JSON
	// as to programs.
	Basket func(w http.ResponseWriter, r *http.Request, name string, orders []Order)
	// Owners get a few orders to begin with.
	Owners []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	once   sync.Once
	mux    *http.ServeMux
	mu     sync.Mutex
	orders []Order
}

// Order is one order of the shop.
type Order struct {
	ID       string    `json:"id"`
	Owner    string    `json:"owner"`
	Item     string    `json:"item"`
	Quantity int       `json:"quantity"`
	Created  time.Time `json:"created"`
}

// article is something to buy.
type article struct {
	Item  string `json:"item"`
	Cents int    `json:"cents"`
}

func catalogue() []article {
	return []article{{"brass key", 1250}, {"padlock", 2490}, {"door bell", 3900}, {"guest book", 1900}}
}

// ServeHTTP answers for the whole shop.
func (o *Orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.once.Do(o.prepare)
	o.mux.ServeHTTP(w, r)
}

func (o *Orders) prepare() {
	if o.Now == nil {
		o.Now = time.Now
	}
	for i, owner := range o.Owners {
		for j := range 2 {
			o.add(Order{Owner: owner, Item: catalogue()[(i+j)%len(catalogue())].Item, Quantity: 1 + (i+2*j)%3})
		}
	}
	m := http.NewServeMux()
	if o.Page != nil {
		m.Handle("/{$}", o.Page)
		m.Handle("/demo/", o.Page)
	} else {
		m.HandleFunc("/{$}", only(o.links))
	}
	m.HandleFunc("/orders", o.collection)
	for _, path := range []string{"/partners/orders", "/suppliers/orders"} {
		m.HandleFunc(path, only(func(w http.ResponseWriter, _ *http.Request) {
			o.list(w, func(Order) bool { return true })
		}))
	}
	m.HandleFunc("/payments", only(o.payments))
	m.HandleFunc("/basket", o.basket)
	m.HandleFunc("/intranet/report", only(o.report))
	m.HandleFunc("/orders/{id}", only(o.one))
	m.HandleFunc("/users/{user}/orders", only(o.ofUser))
	m.HandleFunc("/admin/report", only(o.report))
	m.HandleFunc("/public/catalogue", only(o.catalogue))
	m.HandleFunc("/public/health", only(o.health))
	m.HandleFunc("/legacy", o.legacy)
	m.HandleFunc("/echo", o.echo)
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "There is nothing at this address.")
	})
	o.mux = m
}

// only refuses other methods than GET and HEAD.
func only(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			h(w, r)
			return
		}
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "Allowed here: GET, HEAD.")
	}
}

func (o *Orders) collection(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		o.list(w, func(Order) bool { return true })
	case http.MethodPost:
		o.create(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		problem(w, http.StatusMethodNotAllowed, "Allowed here: GET, HEAD, POST.")
	}
}

// list answers with the last fifty orders that match.
func (o *Orders) list(w http.ResponseWriter, match func(Order) bool) {
	answer(w, http.StatusOK, map[string][]Order{"orders": o.latest(match)})
}

func (o *Orders) latest(match func(Order) bool) []Order {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := []Order{}
	for _, order := range slices.Backward(o.orders) {
		if match(order) && len(found) < 50 {
			found = append(found, order)
		}
	}
	return found
}

// basket is for people with a browser: what they ordered, and a place to order.
func (o *Orders) basket(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		o.create(w, r)
		return
	}
	only(func(w http.ResponseWriter, r *http.Request) {
		owner := subject(r)
		mine := func(order Order) bool { return order.Owner == owner }
		w.Header().Add("Vary", "Accept")
		if o.Basket != nil && prefersHTML(r) {
			o.Basket(w, r, owner, o.latest(mine))
			return
		}
		o.list(w, mine)
	})(w, r)
}

func (o *Orders) ofUser(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	o.list(w, func(order Order) bool { return order.Owner == user })
}

func (o *Orders) one(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	i := slices.IndexFunc(o.orders, func(order Order) bool { return order.ID == r.PathValue("id") })
	var found Order
	if i >= 0 {
		found = o.orders[i]
	}
	o.mu.Unlock()
	if i < 0 {
		problem(w, http.StatusNotFound, "There is no order with this number.")
		return
	}
	answer(w, http.StatusOK, found)
}

// create adds an order in the name of whoever the gate says is asking.
func (o *Orders) create(w http.ResponseWriter, r *http.Request) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		problem(w, http.StatusUnsupportedMediaType, "Send the order as application/json.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			problem(w, http.StatusRequestEntityTooLarge, "An order has at most "+strconv.Itoa(maxBody)+" bytes.")
			return
		}
		problem(w, http.StatusBadRequest, "The body ended before it was complete.")
		return
	}
	var in struct {
		Item     string `json:"item"`
		Quantity int    `json:"quantity"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.Decode(new(any)) != io.EOF {
		problem(w, http.StatusBadRequest, `Send one JSON object with "item" and "quantity".`)
		return
	}
	switch {
	case !printable(in.Item):
		problem(w, http.StatusBadRequest, `"item" has 1 to `+strconv.Itoa(maxItem)+" printable characters.")
		return
	case in.Quantity < 1 || in.Quantity > maxQuantity:
		problem(w, http.StatusBadRequest, `"quantity" is a number from 1 to `+strconv.Itoa(maxQuantity)+".")
		return
	}
	order, ok := o.add(Order{Owner: subject(r), Item: in.Item, Quantity: in.Quantity})
	if !ok {
		problem(w, http.StatusConflict, "The demo keeps at most "+strconv.Itoa(maxOrders)+" orders. Start it anew to empty it.")
		return
	}
	w.Header().Set("Location", "/orders/"+order.ID)
	answer(w, http.StatusCreated, order)
}

func (o *Orders) add(order Order) (Order, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.orders) >= maxOrders {
		return Order{}, false
	}
	order.ID = strconv.Itoa(1001 + len(o.orders))
	order.Created = o.Now().UTC().Truncate(time.Second)
	o.orders = append(o.orders, order)
	return order, true
}

// payments are what whoever is asking has to pay.
func (o *Orders) payments(w http.ResponseWriter, r *http.Request) {
	cents, payer := 0, subject(r)
	o.mu.Lock()
	for _, order := range o.orders {
		if i := slices.IndexFunc(catalogue(), func(a article) bool { return a.Item == order.Item }); i >= 0 && order.Owner == payer {
			cents += catalogue()[i].Cents * order.Quantity
		}
	}
	o.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"payer": payer, "due_cents": cents})
}

func (o *Orders) report(w http.ResponseWriter, _ *http.Request) {
	o.mu.Lock()
	owners := map[string]int{}
	for _, order := range o.orders {
		owners[order.Owner]++
	}
	total := len(o.orders)
	o.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"orders": total, "orders_by_owner": owners})
}

func (o *Orders) catalogue(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=60")
	answer(w, http.StatusOK, map[string][]article{"catalogue": catalogue()})
}

func (o *Orders) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (o *Orders) links(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string][]string{"addresses": {
		"/public/catalogue", "/public/health", "/orders", "/users/{user}/orders", "/partners/orders", "/suppliers/orders",
		"/payments", "/basket", "/admin/report", "/intranet/report", "/echo",
	}})
}

// legacy refuses by itself, as an old part of an application does that has a
// login of its own. The gate must not pass it off as its own refusal.
func (o *Orders) legacy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="legacy billing"`)
	problem(w, http.StatusUnauthorized, "The application itself says this, not the gate in front of it.")
}

// subject is who the gate says is asking.
func subject(r *http.Request) string {
	if s := r.Header.Get("Gate401-Subject"); s != "" {
		return s
	}
	return "nobody"
}

func printable(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxItem &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
