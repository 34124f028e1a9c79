package store

import (
	"context"
	"encoding/json"
	"time"
)

// AuditRecord says who did what to which record. It is written once and never
// changed. It must contain no secret.
type AuditRecord struct {
	ID        int64           // set by the backend; increasing
	Time      time.Time       // zero = now
	Actor     string          // account name, or "command line", ...
	Action    string          // "account.create", "key.revoke", ...
	Object    string          // name or ID of what was changed
	Detail    json.RawMessage // a JSON object, or nil
	RequestID string
}

// Audit keeps audit records: they can be added and read, nothing else.
type Audit interface {
	// AppendAudit stores the record and returns it with its ID.
	AppendAudit(ctx context.Context, r AuditRecord) (AuditRecord, error)
	// ListAudit returns records newest first, older than the ID before (0 =
	// from the newest); see Page for limit.
	ListAudit(ctx context.Context, before int64, limit int) ([]AuditRecord, error)
}
