package kernel

import "onsen/arch/spec"

// What the memory code will bring.

func (t *Task) resumeUserModeWork() {}

func (t *Task) handleUserFault(spec.Trap) { DoExit(sigsegv) }
