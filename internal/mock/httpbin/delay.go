package httpbin

import (
	"fmt"
	"math/rand"
	"net/http"
	"strconv"
	"time"

	"github.com/gate401/gate401/internal/mock/wire"
)

func (h *Handler) delay(w http.ResponseWriter, r *http.Request) {
	d, err := duration(r.PathValue("duration"), h.MaxDelay)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid duration: "+err.Error())
		return
	}
	if !wire.Pause(w, r, d) {
		return
	}
	w.Header().Set("Server-Timing", fmt.Sprintf("initial_delay;dur=%0.2f;desc=%q", d.Seconds()*1e3, "initial delay"))
	h.echo(w, r)
}

// duration reads "1.5s", "200ms" or seconds such as "0.2".
func duration(raw string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(raw)
	if err != nil {
		n, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return 0, err
		}
		if !(n >= -1e6 && n <= 1e6) {
			return 0, fmt.Errorf("duration %q is not between 0 and %s", raw, most)
		}
		d = time.Duration(n*1000) * time.Millisecond
	}
	switch {
	case d > most:
		return 0, fmt.Errorf("duration %s longer than %s", d, most)
	case d < 0:
		return 0, fmt.Errorf("duration %s shorter than %s", d, time.Duration(0))
	}
	return d, nil
}

// unstable answers 500 at a rate; the same seed always gives the same answer.
func (h *Handler) unstable(w http.ResponseWriter, r *http.Request) {
	seed := h.Now().UnixNano()
	if raw := r.URL.Query().Get("seed"); raw != "" {
		var err error
		if seed, err = strconv.ParseInt(raw, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, "invalid seed: "+err.Error())
			return
		}
	}
	rate := 0.5
	if raw := r.URL.Query().Get("failure_rate"); raw != "" {
		var err error
		if rate, err = strconv.ParseFloat(raw, 64); err != nil {
			refuse(w, http.StatusBadRequest, "invalid failure rate: "+err.Error())
			return
		}
		if !(rate >= 0 && rate <= 1) {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("invalid failure rate: %v not in range [0, 1]", rate))
			return
		}
	}
	w.Header().Set("Content-Type", textType)
	status := http.StatusOK
	// The same generator as go-httpbin's, so that equal seeds fail alike.
	if rand.New(rand.NewSource(seed)).Float64() < rate { //nolint:gosec // chance, not secrecy
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
}
