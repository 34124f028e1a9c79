package memory

import (
	"context"
	"slices"

	"github.com/gate401/gate401/store"
)

type audit struct{ *memory }

var _ store.Audit = audit{}

func (m audit) AppendAudit(ctx context.Context, r store.AuditRecord) (stored store.AuditRecord, err error) {
	err = m.write(ctx, "appending an audit record", func() error {
		r, err := r.Normal()
		if err != nil {
			return err
		}
		if r.Time.IsZero() {
			r.Time = store.Moment(m.now())
		}
		m.lastAudit++
		r.ID = m.lastAudit
		// Cut rarely and by a quarter, so that an append stays cheap.
		if len(m.memory.audit) >= MaxAudit+MaxAudit/4 {
			m.memory.audit = slices.Clone(m.memory.audit[len(m.memory.audit)-MaxAudit:])
		}
		m.memory.audit = append(m.memory.audit, r)
		stored, err = r.Normal()
		return err
	})
	return stored, err
}

func (m audit) ListAudit(ctx context.Context, before int64, limit int) (list []store.AuditRecord, err error) {
	err = m.view(ctx, "listing audit records", func() error {
		for _, r := range slices.Backward(m.memory.audit) {
			if before > 0 && r.ID >= before {
				continue
			}
			r, err := r.Normal()
			if err != nil {
				return err
			}
			if list = append(list, r); len(list) == store.Page(limit) {
				break
			}
		}
		return nil
	})
	return list, err
}
