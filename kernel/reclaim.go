package kernel

import (
	"runtime/debug"

	"onsen/kernel/mm"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/vm"
)

// reclaimLock is held by the task that makes the kernel's heap smaller.
var reclaimLock sched.Mutex

// heapGain is how many pages the heap must give back to have been worth it. A heap
// that is as small as it can be keeps nobody from asking the OOM killer.
const heapGain = 1 << 20 / mm.PageSize

// reclaim frees what the kernel keeps only because it may be useful: page tables,
// and the part of its heap that nothing lives in. The heap grows with the number of
// tasks, and Go gives it back slowly, if at all while nobody allocates. It reports
// whether it is worth trying again to have a page. The caller is a task that may
// sleep.
func reclaim() bool {
	if vm.Reclaim() > 0 {
		return true
	}
	reclaimLock.Lock()
	defer reclaimLock.Unlock()
	gained := shrinkHeap()
	if gained < heapGain {
		return false
	}
	printk.Debug("reclaim: the kernel's heap gave back %d KiB", gained*(mm.PageSize>>10))
	return true
}

// shrinkHeap takes from the kernel's heap every page that nothing lives in, and
// returns how many pages are free more than before.
func shrinkHeap() (pages int) {
	before := mm.ReadStats().Free
	debug.FreeOSMemory()
	return mm.ReadStats().Free - before
}

// Values of /proc/sys/vm/drop_caches.
const (
	dropPagecache = 1 // tmpfs has no other place for its pages: there is nothing to drop
	dropSlab      = 2
	dropQuietly   = 4 // from now on
)

// droppedQuietly is whether dropCaches says nothing any more. reclaimLock.
var droppedQuietly bool

// dropCaches frees what the kernel keeps only because it may be useful, which
// makes what is left comparable; Linux's /proc/sys/vm/drop_caches.
func dropCaches(what int) {
	reclaimLock.Lock()
	defer reclaimLock.Unlock()
	if what&dropSlab != 0 {
		vm.Reclaim()
		shrinkHeap()
	}
	if what&dropQuietly != 0 {
		droppedQuietly = true
	}
	if !droppedQuietly {
		t := Current()
		printk.Info("%s (%d): drop_caches: %d", t.Name(), t.Pid, what)
	}
}
