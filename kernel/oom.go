package kernel

// pageFaultOutOfMemory is called by a task that cannot have a page which it
// needs.
func (t *Task) pageFaultOutOfMemory() { DoExit(9) }
