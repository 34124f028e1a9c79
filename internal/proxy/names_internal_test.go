package proxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/gateway"
)

// What is dropped here is what the configurations of other gateways take out, or a
// client could reach behind one of them what it cannot reach behind the other.
func TestSameNamesAsGateways(t *testing.T) {
	f := newFilter()
	var theirs []string
	for _, name := range gateway.Unbelieved() {
		theirs = append(theirs, strings.ToLower(name))
		// Another method is refused here, not dropped.
		if !strings.Contains(name, "Method") && !f.drops(name) {
			t.Errorf("%s is taken out by gateways, and gets through here", name)
		}
	}
	for _, name := range dropped {
		// A gateway sets it itself, to the one of the gate.
		if name != "x-request-id" && !slices.Contains(theirs, name) {
			t.Errorf("%s is dropped here, and gateways let it through", name)
		}
	}
}
