package kernel

// exitRobustList and clearChildTid are what a task does before it leaves its
// memory; set_robust_list(2), set_tid_address(2). No lock held.
func exitRobustList(t *Task) {}
func clearChildTid(t *Task)  {}
