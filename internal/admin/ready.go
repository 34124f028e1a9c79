package admin

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Bounds of what a request may take.
const (
	readyTimeout  = 2 * time.Second
	reloadTimeout = 30 * time.Second
)

// readyz says whether requests can be decided: a gate whose store is away
// answers 503 to what it cannot verify, and should get no traffic. That a new
// configuration was refused is told, and is no reason to send traffic elsewhere:
// the one before is in force.
func (h *Handler) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	status, checks := http.StatusOK, map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for name, check := range h.checks() {
		all.Go(func() {
			said := "ok"
			err := check(ctx)
			if err != nil {
				said = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			checks[name] = said
			if err != nil {
				status = http.StatusServiceUnavailable
			}
		})
	}
	all.Wait()
	out := map[string]any{"ready": status == http.StatusOK, "checks": checks}
	if h.Configuration != nil {
		out["config"] = h.Configuration(true)
	}
	answer(w, status, out)
}

func (h *Handler) checks() map[string]func(context.Context) error {
	if h.Ready == nil {
		return nil
	}
	return h.Ready()
}

// reload reads the configuration again: 200 if it is in force now, 422 if it was
// refused. Browsers say from which page a request comes, and no page of another
// origin may ask.
func (h *Handler) reload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		answer(w, http.StatusMethodNotAllowed, fault{"only POST is understood here"})
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		answer(w, http.StatusForbidden, fault{"a page of another origin asks for this"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), reloadTimeout)
	defer cancel()
	taken, inForce, err := h.Reload(ctx)
	switch {
	case err != nil:
		answer(w, http.StatusServiceUnavailable, fault{"the gate is busy or ends just now: " + err.Error()})
	case taken:
		answer(w, http.StatusOK, inForce)
	default:
		answer(w, http.StatusUnprocessableEntity, inForce)
	}
}
