//go:build !metal

package mm

import (
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// powerOn puts the package and the pretended machine into the state before
// InitEarly. All code runs on CPU 0 until the test says otherwise.
func powerOn(t testing.TB) {
	t.Helper()
	hostPages.Range(func(va, _ any) bool {
		hwUnmapPage(va.(uintptr))
		return true
	})
	hostTables.Clear()
	dropMemory(t, vmemmapBase, int(vmemmapLimit))
	dropMemory(t, hostPhys, hostPhysLimit)
	banks, nbanks = [maxBanks]bank{}, 0
	zones, buddyPages, reserve = [2]zone{}, 0, 0
	cpus = [maxCPUs]cpuList{}
	heapPages, managedPages, ready, poisoning = 0, 0, 0, 0
	clear(early.free[:])
	clear(early.used[:])
	early.start, early.first, early.pages = 0, 0, 0
	forgetBugs()
	bugHook = nil
	held.memory, held.reserved = nil, nil
	atomic.StoreInt32(&hostCPU, 0)
}

func dropMemory(t testing.TB, va uintptr, size int) {
	b := unsafe.Slice((*byte)(unsafe.Add(nil, va)), size)
	if err := syscall.Madvise(b, syscall.MADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
}

func forgetBugs() {
	bugCount = 0
	for i := range bugFirst {
		bugFirst[i].bug = 0
	}
}

// mem returns a range of memory.
func mem(start, end uint64) Range { return Range{Start: start, End: end} }

const (
	testPool     = 1*gib + 2*mib
	testPoolSize = 4 * mib
)

// boot starts a machine with the memory given in pairs of start and size, and
// a pool of 4 MiB inside.
func boot(t testing.TB, memory ...Range) {
	t.Helper()
	powerOn(t)
	InitEarly(0, testPool, testPoolSize)
	if err := Init(Config{Memory: memory}); err != nil {
		t.Fatal(err)
	}
	checkZones(t)
}

// bootSmall starts a machine with 64 MiB.
func bootSmall(t testing.TB) {
	t.Helper()
	boot(t, mem(1*gib, 1*gib+64*mib))
}

// tables counts page tables.
func tables() (n int) {
	hostTables.Range(func(_, _ any) bool {
		n++
		return true
	})
	return n
}

// wantNoBugs fails if the allocator reported any misuse.
func wantNoBugs(t testing.TB) {
	t.Helper()
	if n, first := Bugs(); n != 0 {
		t.Errorf("%d bugs reported: %v", n, first)
	}
}

// checkZones fails if the free lists, the page array and the counts disagree,
// or if two free buddies are not joined.
func checkZones(t testing.TB) {
	t.Helper()
	total := uint32(0)
	for zi := range zones {
		z := &zones[zi]
		for order := range uint32(MaxOrder + 1) {
			n, prev := uint32(0), uint32(0)
			for pfn := z.head[order]; pfn != 0; pfn = pageAt(pfn).next {
				p := pageAt(pfn)
				switch {
				case p.tag != tagFree|uint64(order):
					t.Fatalf("zone %d order %d: page %#x has tag %#x", zi, order, pfn, p.tag)
				case p.prev != prev:
					t.Fatalf("zone %d order %d: page %#x follows %#x, says %#x", zi, order, pfn, prev, p.prev)
				case pfn%(1<<order) != 0:
					t.Fatalf("zone %d order %d: page %#x is not aligned", zi, order, pfn)
				case zoneOf(pfn) != z:
					t.Fatalf("zone %d order %d: page %#x is of another zone", zi, order, pfn)
				case order < MaxOrder && pageAt(pfn^1<<order).tag == tagFree|uint64(order):
					t.Fatalf("zone %d order %d: page %#x and its buddy are both free", zi, order, pfn)
				}
				prev = pfn
				n++
			}
			if n != z.count[order] || (n != 0) != (z.avail&(1<<order) != 0) {
				t.Fatalf("zone %d order %d: %d blocks, counted %d, avail %#x", zi, order, n, z.count[order], z.avail)
			}
			total += n << order
		}
	}
	if total != buddyPages {
		t.Fatalf("%d pages in the lists, counted %d", total, buddyPages)
	}
}
