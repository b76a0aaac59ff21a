package vm

import "sync/atomic"

// execState is what exec(2) has decided about the program.
type execState struct{ dumpable atomic.Int32 }

// Dumpable returns whether others that run as the same user may look at the
// program: 1 if they may, 0 if not (PR_GET_DUMPABLE).
func (s *execState) Dumpable() int { return int(s.dumpable.Load()) }

// SetDumpable changes that.
func (s *execState) SetDumpable(v int) { s.dumpable.Store(int32(v)) }

// copy is for a fork.
func (s *execState) copy(from *execState) { s.dumpable.Store(from.dumpable.Load()) }
