package world_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/gate401/gate401/internal/mock/world"
)

// bytesPerWorld makes n worlds, each with a login, a refresh and a request, and
// a wrong password where there is guessing, and says what one of them takes.
func bytesPerWorld(t testing.TB, n int, guessing bool) int {
	t.Helper()
	worlds := newBench(t, world.Settings{})
	worlds.handler = worlds.Worlds // the journal is not what is measured
	use := func(session string) {
		access, refresh := worlds.login(t, session)
		if a := worlds.renew(t, session, refresh); a.status != 200 {
			t.Fatalf("refresh: %d %s", a.status, a.body)
		}
		if a := worlds.get(t, session, access); a.status != 200 {
			t.Fatalf("request: %d %s", a.status, a.body)
		}
		if !guessing {
			return
		}
		if a := worlds.do(t, "GET", "/s/"+session+"/api/me", "", "Authorization", basic("alice", "x")); a.status != 401 {
			t.Fatalf("wrong password: %d %s", a.status, a.body)
		}
	}
	use("first") // what is shared is made
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range n {
		use(fmt.Sprint("world-", i))
	}
	size := int(heap()-before) / n
	if _, all := worlds.List(0); all != n+1 {
		t.Fatalf("%d worlds, want %d", all, n+1)
	}
	runtime.KeepAlive(worlds)
	return size
}

// Ten thousand worlds in under 300 MiB, also while the collector lets garbage
// lie: 11 KiB each, and 19 for those whose guard has something to count. What is
// in use is counted, not the pages that it lies in: those differ from run to run.
func TestWorldsAreSmall(t *testing.T) {
	for _, test := range []struct {
		name     string
		guessing bool
		most     int
	}{{"used", false, 11 << 10}, {"guessed at", true, 19 << 10}} {
		t.Run(test.name, func(t *testing.T) {
			if size := bytesPerWorld(t, 500, test.guessing); size > test.most {
				t.Errorf("a world takes %d bytes, want at most %d", size, test.most)
			} else {
				t.Logf("a world takes %d bytes", size)
			}
		})
	}
}

func BenchmarkWorlds(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(bytesPerWorld(b, 10_000, false)), "B/world")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-of-the-system")
	}
}

func BenchmarkRequest(b *testing.B) {
	worlds := newBench(b, world.Settings{})
	worlds.handler = worlds.Worlds
	access, _ := worlds.login(b, "one")
	b.ReportAllocs()
	for b.Loop() {
		if a := worlds.get(b, "one", access); a.status != 200 {
			b.Fatal(a.body)
		}
	}
}
