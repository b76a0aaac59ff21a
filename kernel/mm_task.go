package kernel

import (
	"onsen/arch"
	"onsen/kernel/vm"
)

func init() {
	vm.Rlimit = func(resource int) uint64 { return Current().rlimit(resource) }
	vm.Capable = Capable
}

// useMM makes mm, whose use it takes over, the memory of the calling task t; nil
// for none. The task's use of what it had before it gives up, which may sleep.
func useMM(t *Task, mm *vm.MM) {
	old := t.mm
	t.allocLock.Lock()
	t.mm = mm
	if mm != nil {
		t.MM = mm.Context()
		arch.SwitchMM(t.MM) // the lock keeps the task on this CPU
	} else {
		t.MM = nil
	}
	t.allocLock.Unlock()
	if old != nil {
		old.Put()
	}
}

// getTaskMM returns the memory of any task with one more use, nil if it has none.
// Linux's get_task_mm.
func getTaskMM(t *Task) *vm.MM {
	t.allocLock.Lock()
	defer t.allocLock.Unlock()
	if t.mm == nil || t.IsKthread() {
		return nil
	}
	t.mm.Get()
	return t.mm
}
