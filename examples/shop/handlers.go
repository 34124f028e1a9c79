package shop

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gate401/gate401"
)

// Short is how long the tokens of [Shop.ShortToken] are good.
const Short = 4 * time.Second

// ShortToken answers with a token for whoever asks that is soon over, so that
// one can see what then happens.
func (s *Shop) ShortToken(w http.ResponseWriter, r *http.Request) {
	id, ok := gate401.IdentityFrom(r.Context())
	if !ok {
		http.Error(w, "no gate is in front of this handler", http.StatusInternalServerError)
		return
	}
	text, err := s.Token(id.Subject, Short, id.Scopes...)
	if err != nil {
		http.Error(w, "the token could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, text)
}

// Events is a stream of server-sent events. It ends when the credential does: a
// stream that lives longer than its token would let a person in whom the next
// request refuses.
func Events(w http.ResponseWriter, r *http.Request) {
	id, ok := gate401.IdentityFrom(r.Context())
	if !ok {
		http.Error(w, "no gate is in front of this handler", http.StatusInternalServerError)
		return
	}
	ctx := r.Context()
	if !id.Expires.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, id.Expires.Add(id.Leeway))
		defer cancel()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		if _, err := fmt.Fprintf(w, "event: order\ndata: {\"order\":%d,\"for\":%q}\n\n", n, id.Subject); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			// The client tells an end that it should renew after from one that
			// just happened.
			_, _ = fmt.Fprint(w, "event: gate401\ndata: token-expired\n\n")
			return
		}
	}
}
