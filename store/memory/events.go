package memory

import (
	"context"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

type events struct{ *memory }

var _ store.Events = events{}

func (m events) AppendEvents(ctx context.Context, list []store.Event) error {
	return m.write(ctx, "storing events", func() error {
		all := make([]store.Event, 0, len(list))
		for i, e := range list {
			e, err := e.Normal()
			if err != nil {
				return err
			}
			e.ID = m.lastEvent + int64(i) + 1
			all = append(all, e)
		}
		m.lastEvent += int64(len(all))
		m.memory.events = append(m.memory.events, all...)
		// Cut rarely and by a quarter, so that to append stays cheap.
		if n := len(m.memory.events); n > MaxEvents+MaxEvents/4 {
			m.memory.events = slices.Clone(m.memory.events[n-MaxEvents:])
		}
		return nil
	})
}

func (m events) ListEvents(ctx context.Context, about string, after int64, limit int) (list []store.Event, err error) {
	err = m.view(ctx, "listing events", func() error {
		for _, e := range m.memory.events {
			if about == "" || e.ID <= after || e.Object != about && e.Family != about && e.Session != about {
				continue
			}
			if list = append(list, e); len(list) == store.Page(limit) {
				break
			}
		}
		return nil
	})
	return list, err
}

func (m events) SweepEvents(ctx context.Context, before time.Time) (n int, err error) {
	err = m.write(ctx, "sweeping events", func() error {
		kept := slices.DeleteFunc(m.memory.events, func(e store.Event) bool { return e.Time.Before(store.Moment(before)) })
		n = len(m.memory.events) - len(kept)
		m.memory.events = kept
		return nil
	})
	return n, err
}
