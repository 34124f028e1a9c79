package watch

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
)

// textHandler writes events other than decisions for a person at a terminal:
// time, level, message, and name=value.
type textHandler struct {
	w      io.Writer
	colour bool
	level  slog.Leveler
	attrs  []byte // printed already
	groups string // with a dot at the end of each
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *textHandler) Handle(_ context.Context, e slog.Record) error {
	b := make([]byte, 0, 256)
	if !e.Time.IsZero() {
		b = e.Time.AppendFormat(b, "15:04:05")
		b = append(b, ' ', ' ')
	}
	if h.colour {
		switch {
		case e.Level >= slog.LevelError:
			b = append(b, red...)
		case e.Level >= slog.LevelWarn:
			b = append(b, yellow...)
		default:
			b = append(b, dim...)
		}
	}
	b = append(b, strings.ToLower(e.Level.String())...)
	if h.colour {
		b = append(b, plain...)
	}
	b = append(b, ' ', ' ')
	b = append(b, clean(e.Message)...)
	b = append(b, h.attrs...)
	e.Attrs(func(a slog.Attr) bool {
		b = appendSlog(b, h.groups, a)
		return true
	})
	b = append(b, '\n')
	_, err := h.w.Write(b)
	return err
}

func appendSlog(b []byte, groups string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups += a.Key + "."
		}
		for _, inner := range v.Group() {
			b = appendSlog(b, groups, inner)
		}
		return b
	}
	if a.Equal(slog.Attr{}) {
		return b
	}
	b = append(b, ' ', ' ')
	b = append(b, clean(groups+a.Key)...)
	b = append(b, '=')
	s := v.String()
	if s == "" || strings.ContainsAny(s, " \"\t\n=") {
		return strconv.AppendQuote(b, s)
	}
	return append(b, clean(s)...)
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		with.attrs = appendSlog(with.attrs, h.groups, a)
	}
	return &with
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.groups += name + "."
	return &with
}

var _ slog.Handler = (*textHandler)(nil)
