package vm

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/sched/schedtest"
)

// TestThreads lets threads of one program fault, write, discard, map and fork at
// the same time. Every thread has a word of its own in each page.
func TestThreads(t *testing.T) {
	const (
		pages  = 16
		rounds = 400
	)
	before := mm.ReadStats().Free
	var m *MM
	schedtest.Run(t, func() {
		m = newMM(t)
		anon(t, m, testBase, pages*pageSize)
	})
	var running atomic.Int32
	writer := func(id int) func() {
		running.Add(1)
		return func() {
			defer running.Add(-1)
			r := rand.New(rand.NewPCG(uint64(id), 1))
			var last [pages]uint32
			for n := range uint32(rounds) {
				i := r.IntN(pages)
				at := testBase + uintptr(i)*pageSize + uintptr(id)*8
				var b [4]byte
				if _, err := m.ReadRemote(at, b[:]); err != nil {
					t.Error(err)
				}
				if got := binary.LittleEndian.Uint32(b[:]); got != last[i] {
					t.Errorf("thread %d: page %d has %d, want %d", id, i, got, last[i])
				}
				last[i] = n + 1
				binary.LittleEndian.PutUint32(b[:], last[i])
				if _, err := m.WriteRemote(at, b[:]); err != nil {
					t.Error(err)
				}
				if r := m.HandleFault(at, spec.AccessWrite); r != FaultOK {
					t.Errorf("fault: %d", r)
				}
			}
		}
	}
	forker := func() {
		for running.Load() > 0 {
			c, err := m.Dup()
			if err != nil {
				t.Error(err)
				return
			}
			for i := range uintptr(pages) {
				put(t, c, testBase+i*pageSize+4000, 1)
			}
			c.check(t)
			c.Put()
		}
	}
	mapper := func() {
		for running.Load() > 0 {
			at, err := m.Mmap(MmapArgs{Len: 8 * pageSize, Prot: PROT_READ | PROT_WRITE, Flags: MAP_PRIVATE | MAP_POPULATE})
			if err != nil {
				t.Error(err)
				return
			}
			put(t, m, at, 1)
			if err := m.Munmap(at+pageSize, 2*pageSize); err != nil {
				t.Error(err)
			}
			if err := m.Munmap(at, 8*pageSize); err != nil {
				t.Error(err)
			}
		}
	}
	schedtest.Run(t, writer(0), writer(1), writer(2), forker, mapper)
	schedtest.Run(t, func() {
		m.check(t)
		m.Put()
	})
	Reclaim()
	if after := mm.ReadStats().Free; after != before {
		t.Errorf("%d pages are lost", before-after)
	}
}
