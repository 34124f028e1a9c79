package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/store"
)

// The first start makes an administrator, unless a client is called so: its tokens
// could speak for that account.
func TestFirstStart(t *testing.T) {
	for _, tt := range []struct {
		client string
		made   int
	}{{"", 1}, {"robot", 1}, {"Admin", 0}} {
		stores, err := build.InMemory(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stores.Close() }()
		if tt.client != "" {
			if _, err := stores.Set.Clients.CreateClient(t.Context(), store.Client{ID: tt.client, Method: "none"}); err != nil {
				t.Fatal(err)
			}
		}
		var out, log bytes.Buffer
		h := &house{stores: stores, log: slog.New(slog.NewTextHandler(&log, nil)), options: Options{Config: config.Default()}}
		if err := h.firstStart(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		accounts, err := stores.Set.Accounts.ListAccounts(t.Context(), "", 2)
		if err != nil || len(accounts) != tt.made {
			t.Errorf("client %q: %d accounts, want %d (%v)", tt.client, len(accounts), tt.made, err)
		}
		if told := strings.Contains(log.String(), "a client has the name"); told != (tt.made == 0) || (out.Len() > 0) != (tt.made == 1) {
			t.Errorf("client %q: %s%s", tt.client, &out, &log)
		}
	}
}
