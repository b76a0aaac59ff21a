package kernel

import (
	"onsen/kernel/vm"
)

// exitRobustList and clearChildTid are what a task does before it leaves its
// memory; set_robust_list(2), set_tid_address(2). No lock held.
func exitRobustList(t *Task) {}
func clearChildTid(t *Task)  {}

// useMM makes mm the memory of the calling task; nil for none.
func useMM(t *Task, mm *vm.MM) { t.mm = mm }
