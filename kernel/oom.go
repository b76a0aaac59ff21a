package kernel

import (
	"syscall"
	"time"

	"onsen/kernel/mm"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/vm"
)

// oomLock is held while a victim is chosen.
var oomLock sched.Mutex

const (
	oomScoreAdjMin = -1000 // never killed
	// oomPause is how long a task that found no memory waits for the victim's.
	oomPause = int64(10 * time.Millisecond)
)

// pageFaultOutOfMemory is called by a task that cannot have a page which it
// needs: somebody dies, and then it tries again. Linux's
// pagefault_out_of_memory.
func (t *Task) pageFaultOutOfMemory() {
	if fatalSignalPending(t) || reclaim() {
		return
	}
	oomLock.Lock()
	v := selectVictim()
	if v.task != nil && !v.dying {
		killForMemory(v)
	}
	oomLock.Unlock()
	if v.task == nil {
		die("System is deadlocked on memory")
	}
	if v.task != t {
		sched.Sleep(oomPause)
	}
}

// oomVictim is a process and its badness.
type oomVictim struct {
	task   *Task // a thread of it; nil: none can be killed
	points int64
	stats  vm.Stats
	dying  bool // it is on its way out already: no other has to die
}

// selectVictim returns the process whose end gives the most memory, with the
// user's corrections. One that is dying comes before all others.
func selectVictim() (worst oomVictim) {
	total := int64(mm.TotalPages())
	for _, t := range Tasks() {
		m, dying := oomMM(t)
		if m == nil {
			continue
		}
		v := oomVictim{task: t, stats: m.Stats(), dying: dying}
		m.Put()
		v.points = badness(&v.stats, int64(t.signal.oomScoreAdj.Load()), total)
		if worst.task == nil || v.dying || v.points > worst.points {
			worst = v
		}
		if v.dying {
			return worst
		}
	}
	return worst
}

// badness is what killing a process with that much memory would bring, in pages.
func badness(s *vm.Stats, adj, total int64) int64 {
	return int64(s.Anon+s.File+s.Shmem+s.Tables) + adj*total/1000
}

// oomMM returns the memory of a task that may be killed for it, with a use, and
// whether the task is dying. nil: it may not.
func oomMM(t *Task) (m *vm.MM, dying bool) {
	if t.IsKthread() || t.signal.oomScoreAdj.Load() == oomScoreAdjMin {
		return nil, false
	}
	tasklistLock.Lock()
	h := t.sighand
	if h == nil {
		tasklistLock.Unlock()
		return nil, false // gone
	}
	h.siglock.Lock()
	flags := t.signal.flags
	h.siglock.Unlock()
	tasklistLock.Unlock()
	if flags&SIGNAL_UNKILLABLE != 0 {
		return nil, false
	}
	return getTaskMM(t), flags&SIGNAL_GROUP_EXIT != 0
}

// killForMemory ends the victim.
func killForMemory(v oomVictim) {
	t, s := v.task, &v.stats
	kib := func(pages int) int { return pages * (mm.PageSize >> 10) }
	printk.Err("Out of memory: Killed process %d (%s) total-vm:%dkB, anon-rss:%dkB, file-rss:%dkB, shmem-rss:%dkB, UID:%d pgtables:%dkB oom_score_adj:%d",
		t.Tgid, t.Name(), kib(s.Total), kib(s.Anon), kib(s.File), kib(s.Shmem), t.Cred().UID, kib(s.Tables), t.signal.oomScoreAdj.Load())
	info := signal.Kernel(int(syscall.SIGKILL))
	_ = SendGroupSignal(int(syscall.SIGKILL), &info, t)
}
