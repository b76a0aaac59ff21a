package arm64

import (
	"math/rand"
	"sync/atomic"
	"testing"
)

// TestASIDs runs many address spaces on a few CPUs through several generations.
func TestASIDs(t *testing.T) {
	const cpus, spaces = 4, 500
	var a asids
	var ids [spaces]atomic.Uint64
	running := [cpus]int{-1, -1, -1, -1}
	asid := [cpus]uint64{}
	// owner is whose translations a CPU's TLB may hold under an ASID.
	owner := make([]map[uint64]int, cpus)
	for i := range owner {
		owner[i] = make(map[uint64]int)
	}
	rng := rand.New(rand.NewSource(1))
	for range 20_000 {
		cpu, space := rng.Intn(cpus), rng.Intn(spaces)
		if rng.Intn(4) == 0 { // a thread of a program that runs elsewhere
			if other := running[rng.Intn(cpus)]; other >= 0 {
				space = other
			}
		}
		before := localFlushes
		got := a.use(&ids[space], cpu)
		if localFlushes != before {
			clear(owner[cpu])
		}
		if got == 0 || got >= asidCount() {
			t.Fatalf("ASID %d", got)
		}
		for c := range cpus {
			if c == cpu || running[c] < 0 {
				continue
			}
			if same := running[c] == space; same != (asid[c] == got) {
				t.Fatalf("CPU %d runs %d with ASID %d, CPU %d runs %d with %d", c, running[c], asid[c], cpu, space, got)
			}
		}
		if o, ok := owner[cpu][got]; ok && o != space {
			t.Fatalf("CPU %d may know translations of %d under ASID %d of %d", cpu, o, got, space)
		}
		owner[cpu][got] = space
		running[cpu], asid[cpu] = space, got
	}
	if gen := a.generation.Load() >> asidShift; gen < 3 {
		t.Errorf("only %d generations", gen)
	}
}
