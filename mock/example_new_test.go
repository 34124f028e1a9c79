package mock_test

import (
	"fmt"
	"net/http"

	"github.com/gate401/gate401/mock"
)

// A test of a client that does not give up: it sends a wrong password again. In a
// real test, t is the *testing.T; here it prints what go test would show.
func ExampleNew() {
	t := &printed{}
	defer t.end()

	m := mock.New(t)
	w := m.World(mock.Settings{})
	for range 2 { // the client under test
		req, err := http.NewRequest(http.MethodGet, w.URL+"/api/orders", nil)
		if err != nil {
			t.Fatalf("%v", err)
		}
		req.SetBasicAuth("alice", "looking-glass")
		resp, err := m.Client().Do(req)
		if err != nil {
			t.Fatalf("%v", err)
		}
		resp.Body.Close()
	}
	w.AssertRequests(t, "GET /api/orders 401", "GET /api/orders 401")
	w.AssertNoPasswordRepeated(t)
	// Output:
	// the client did 1 thing wrong:
	//   password-repeated: A refused password was sent again
	//     GET /s/ExampleNew-1/api/orders was sent with the password that GET /s/ExampleNew-1/api/orders had got a 401 for
	//       #1 GET /api/orders with Basic -> 401 password-wrong
	//       #2 GET /api/orders with Basic -> 401 password-wrong
	//     why: It stays wrong, and counts as a guess: accounts are locked that way. (RFC 9110 section 11.6.2)
	//     fix: Remember that this password was refused for this realm, and ask the person.
	// all requests:
	//   #1 GET /api/orders with Basic -> 401 password-wrong
	//   #2 GET /api/orders with Basic -> 401 password-wrong
}

func ExampleRoutes_Get() {
	t := &printed{}
	defer t.end()

	m := mock.New(t)
	orders := m.Get("/orders").Answers(401, 200).Challenge(`Custom realm="orders"`).JSON([]string{"tea"})
	for range 2 {
		resp, err := m.Client().Get(orders.URL)
		if err != nil {
			t.Fatalf("%v", err)
		}
		fmt.Println(resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
		resp.Body.Close()
	}
	orders.AssertCount(t, 2)
	// Output:
	// 401 Custom realm="orders"
	// 200
}

// printed is a test that prints what fails.
type printed struct{ cleanups []func() }

func (p *printed) Helper()          {}
func (p *printed) Name() string     { return "ExampleNew" }
func (p *printed) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

func (p *printed) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (p *printed) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (p *printed) end() {
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		p.cleanups[i]()
	}
}
