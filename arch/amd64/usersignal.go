//go:build metal && amd64

package amd64

import (
	"syscall"

	"onsen/arch/spec"
)

// PushSignalFrame is not there yet.
func PushSignalFrame(*UserContext, *spec.SignalFrame) error { return syscall.ENOSYS }

// PopSignalFrame is not there yet.
func PopSignalFrame(*UserContext, func(uintptr, []byte) error) (uint64, spec.AltStack, error) {
	return 0, spec.AltStack{}, syscall.ENOSYS
}

// SigReturnCode is empty: programs bring their own restorer.
func SigReturnCode() []byte { return nil }
