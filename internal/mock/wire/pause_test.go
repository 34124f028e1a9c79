package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/wire"
)

// What was read ahead is there to be read, and so is the error behind it.
func TestPauseKeepsTheBody(t *testing.T) {
	broken := errors.New("broken off")
	for _, tt := range []struct {
		name string
		body io.Reader
		want string
		err  error
	}{
		{"short", strings.NewReader("a=b"), "a=b", nil},
		{"long", strings.NewReader(strings.Repeat("x", 3<<20)), strings.Repeat("x", 3<<20), nil},
		{"broken", io.MultiReader(strings.NewReader("a="), failing{broken}), "a=", broken},
		{"none", http.NoBody, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", tt.body)
			if !wire.Pause(httptest.NewRecorder(), r, time.Millisecond) {
				t.Fatal("the client is said to be gone")
			}
			got, err := io.ReadAll(r.Body)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%d octets, %v; want %d, %v", len(got), err, len(tt.want), tt.err)
			}
		})
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

func TestPauseEndsWithTheClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	if wire.Pause(httptest.NewRecorder(), r, time.Hour) {
		t.Error("the client is said to be there")
	}
}

// A body that is to come only after 100 Continue is not asked for by waiting.
func TestPauseAsksForNoBody(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", failing{errors.New("read")})
	r.Header.Set("Expect", "100-continue")
	body := r.Body
	if !wire.Pause(httptest.NewRecorder(), r, time.Millisecond) || r.Body != body {
		t.Error("the body was read")
	}
}
