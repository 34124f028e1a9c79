package admin

import "runtime/metrics"

// running is what the process is made of at the moment, for /api/runtime: what
// grows for ever shows here.
type running struct {
	Goroutines uint64 `json:"goroutines"`
	// HeapLive is what the last run of the garbage collector left, HeapObjects
	// with what was made since, and Memory all that was had from the system.
	HeapLive    uint64 `json:"heap_live_bytes"`
	HeapObjects uint64 `json:"heap_objects_bytes"`
	Memory      uint64 `json:"memory_bytes"`
	Collections uint64 `json:"collections"`
}

// now reads it, without stopping anything.
func now() running {
	s := []metrics.Sample{
		{Name: "/sched/goroutines:goroutines"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/cycles/total:gc-cycles"},
	}
	metrics.Read(s)
	n := make([]uint64, len(s))
	for i, x := range s {
		if x.Value.Kind() == metrics.KindUint64 {
			n[i] = x.Value.Uint64()
		}
	}
	return running{Goroutines: n[0], HeapLive: n[1], HeapObjects: n[2], Memory: n[3] - n[4], Collections: n[5]}
}
