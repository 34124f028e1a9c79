package memory_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) *store.Set { return memory.Open(memory.Options{}) })
}

func TestAuditIsBounded(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer set.Close()
	var last int64
	for i := range 3 * memory.MaxAudit {
		r, err := set.Audit.AppendAudit(t.Context(), store.AuditRecord{Action: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	count, before := 0, int64(0)
	for {
		page, err := set.Audit.ListAudit(t.Context(), before, store.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		if count == 0 && page[0].ID != last {
			t.Errorf("newest is %d, want %d", page[0].ID, last)
		}
		count, before = count+len(page), page[len(page)-1].ID
	}
	if count < memory.MaxAudit || count > 2*memory.MaxAudit {
		t.Errorf("%d records kept, want about %d", count, memory.MaxAudit)
	}
}
