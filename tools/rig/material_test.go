package rig_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// What is written for the gate is a configuration that it takes.
func TestSettings(t *testing.T) {
	m := material(t)
	for _, g := range []rig.Gate{
		{Name: "plain", Upstream: "http://127.0.0.1:1", Records: "records.db"},
		{Name: "all", Upstream: "http://127.0.0.1:1", Records: "records.db", Rules: 10_000, Leeway: "1s", Admin: "127.0.0.1:2"},
	} {
		cfg, err := config.Load(g.Name, []byte(m.Settings(g, "127.0.0.1:0")))
		if err == nil {
			err = cfg.Check()
		}
		if err == nil {
			_, err = build.Check(cfg)
		}
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
		} else if want := g.Rules + 5; len(cfg.Rules) != want {
			t.Errorf("%s: %d rules, want %d", g.Name, len(cfg.Rules), want)
		}
	}
}

// Keys that were written past the store are found by it.
func TestMultiply(t *testing.T) {
	m := material(t)
	added, err := m.Multiply(t.Context(), "many.db", 50)
	if err != nil {
		t.Fatal(err)
	}
	if len(added) != 50-len(m.Keys) {
		t.Fatalf("%d keys were added to %d, want 50", len(added), len(m.Keys))
	}
	cfg := config.Default()
	cfg.Storage.Records = "sqlite:" + filepath.Join(m.Dir, "many.db")
	stores, err := storage.Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close()
	for i, text := range append(m.Keys, added...) {
		key, err := token.ParseAPIKey(text)
		if err != nil {
			t.Fatal(err)
		}
		if record, err := stores.Set.APIKeys.APIKeyByHash(t.Context(), key.Hash()); err != nil || record.Name != "bench" {
			t.Errorf("key %d: %v, %v", i, record, err)
		}
	}
}

func TestBadTokensAreBad(t *testing.T) {
	m := material(t)
	for _, name := range []string{"garbage", "algorithm", "key", "signature"} {
		if m.Bad[name] == "" || strings.Count(m.Bad[name], ".") != 2 {
			t.Errorf("%s: %q is no attempt at a token", name, m.Bad[name])
		}
	}
}

func TestStartTellsWhatWentWrong(t *testing.T) {
	for _, x := range []struct {
		name string
		c    rig.Command
		want string
	}{
		{"no such program", rig.Command{Path: "/nowhere/gate401"}, "no such file"},
		{"a program that ends", rig.Command{Path: "sh", Args: []string{"-c", "echo what a pity; exit 3"}, Addr: "127.0.0.1:1"}, "what a pity"},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.c.Name, x.c.Dir, x.c.Core = "x", t.TempDir(), -1
			if _, err := rig.Start(t.Context(), x.c); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q in it", err, x.want)
			}
		})
	}
}

func TestStop(t *testing.T) {
	addr, err := rig.FreeAddr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = rig.Start(ctx, rig.Command{Name: "x", Path: "sleep", Args: []string{"60"}, Dir: t.TempDir(), Core: -1, Addr: addr, Output: io.Discard})
	if err == nil {
		t.Error("it says to be ready, and nobody listens")
	}
}

func material(t *testing.T) *rig.Material {
	t.Helper()
	m, err := rig.NewMaterial(t.Context(), t.TempDir(), 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
