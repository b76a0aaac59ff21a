//go:build !metal

package arch

import (
	"syscall"

	"onsen/arch/spec"
)

// The fake machine has no registers that anybody could look at.

// Regsets returns the register sets, in the order of a core file.
func Regsets() []spec.Regset { return nil }

// GetRegset returns a register set. EINVAL for an unknown one, ENODEV if the
// processor does not have it.
func GetRegset(*UserContext, uint32) ([]byte, error) { return nil, syscall.EINVAL }

// SetRegset changes a register set from byte off on.
func SetRegset(*UserContext, uint32, int, []byte) error { return syscall.EINVAL }

// PeekUser returns a word of struct user. EIO if there is none.
func PeekUser(*UserContext, uintptr) (uintptr, error) { return 0, syscall.EIO }

// PokeUser changes a word of struct user.
func PokeUser(*UserContext, uintptr, uintptr) error { return syscall.EIO }

// EnableSingleStep has the program execute one instruction at a time.
func EnableSingleStep(*UserContext) {}

// DisableSingleStep undoes EnableSingleStep.
func DisableSingleStep(*UserContext) {}

// StepIntoHandler does nothing.
func StepIntoHandler(*UserContext) bool { return false }

// PtraceRegset knows no requests that are about one register set.
func PtraceRegset(int) (note uint32, set, ok bool) { return 0, false, false }

// ArchPtrace does the requests that only this architecture has.
func ArchPtrace(*UserContext, int, uintptr, uintptr) (v uintptr, store, handled bool, err error) {
	return 0, false, false, nil
}
