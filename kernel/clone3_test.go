//go:build !metal

package kernel

import (
	"encoding/binary"
	"syscall"
	"testing"
	"unsafe"

	"onsen/arch"
)

// raw returns a struct clone_args of a size.
func (a cloneArgs) raw(size int) []byte {
	b := make([]byte, max(size, cloneArgsSize2))
	for i, v := range []uint64{a.flags, a.pidfd, a.childTid, a.parentTid, a.exitSignal,
		a.stack, a.stackSize, a.tls, a.setTid, a.setTidSize, a.cgroup} {
		binary.NativeEndian.PutUint64(b[8*i:], v)
	}
	return b[:size]
}

func TestReadCloneArgs(t *testing.T) {
	tids := [33]int32{7}
	setTid := uint64(uintptr(unsafe.Pointer(&tids)))
	const thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD
	for _, tt := range []struct {
		name string
		args cloneArgs
		size int
		want error
	}{
		{"empty, version 0", cloneArgs{}, cloneArgsSize0, nil},
		{"empty, version 1", cloneArgs{}, cloneArgsSize1, nil},
		{"empty, version 2", cloneArgs{}, cloneArgsSize2, nil},
		{"between versions", cloneArgs{}, 72, nil},
		{"longer, zero", cloneArgs{}, 128, nil},
		{"a page", cloneArgs{}, arch.PageSize, nil},
		{"more than a page", cloneArgs{}, arch.PageSize + 1, syscall.E2BIG},
		{"too short", cloneArgs{}, cloneArgsSize0 - 1, syscall.EINVAL},
		{"size 0", cloneArgs{}, 0, syscall.EINVAL},
		{"fork", cloneArgs{exitSignal: 17}, cloneArgsSize0, nil},
		{"last signal", cloneArgs{exitSignal: 64}, cloneArgsSize0, nil},
		{"no signal", cloneArgs{exitSignal: 65}, cloneArgsSize0, syscall.EINVAL},
		{"signal beyond a byte", cloneArgs{exitSignal: 0x111}, cloneArgsSize0, syscall.EINVAL},
		{"signal in the flags", cloneArgs{flags: 17}, cloneArgsSize0, syscall.EINVAL},
		{"NEWTIME", cloneArgs{flags: CLONE_NEWTIME}, cloneArgsSize0, nil},
		{"DETACHED", cloneArgs{flags: CLONE_DETACHED}, cloneArgsSize0, syscall.EINVAL},
		{"unknown flag", cloneArgs{flags: 1 << 34}, cloneArgsSize0, syscall.EINVAL},
		{"internal flag", cloneArgs{flags: CLONE_GLOBAL_THREAD}, cloneArgsSize0, syscall.EINVAL},
		{"idle thread", cloneArgs{flags: CLONE_IDLE_THREAD}, cloneArgsSize0, syscall.EINVAL},
		{"CLEAR_SIGHAND", cloneArgs{flags: CLONE_CLEAR_SIGHAND}, cloneArgsSize0, nil},
		{"CLEAR_SIGHAND and SIGHAND", cloneArgs{flags: CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM}, cloneArgsSize0, syscall.EINVAL},
		{"thread", cloneArgs{flags: thread}, cloneArgsSize0, nil},
		{"thread with signal", cloneArgs{flags: thread, exitSignal: 17}, cloneArgsSize0, syscall.EINVAL},
		{"PARENT with signal", cloneArgs{flags: CLONE_PARENT, exitSignal: 17}, cloneArgsSize0, syscall.EINVAL},
		{"stack", cloneArgs{stack: 0x1000, stackSize: 0x1000}, cloneArgsSize0, nil},
		{"stack without size", cloneArgs{stack: 0x1000}, cloneArgsSize0, syscall.EINVAL},
		{"size without stack", cloneArgs{stackSize: 0x1000}, cloneArgsSize0, syscall.EINVAL},
		{"stack in the kernel", cloneArgs{stack: uint64(arch.TaskSize), stackSize: 1}, cloneArgsSize0, syscall.EINVAL},
		{"stack that wraps", cloneArgs{stack: 0x1000, stackSize: ^uint64(0)}, cloneArgsSize0, syscall.EINVAL},
		{"set_tid", cloneArgs{setTid: setTid, setTidSize: 1}, cloneArgsSize1, nil},
		{"set_tid that the version has not", cloneArgs{setTid: setTid, setTidSize: 1}, cloneArgsSize0, nil},
		{"set_tid of all levels", cloneArgs{setTid: setTid, setTidSize: 32}, cloneArgsSize1, nil},
		{"set_tid too long", cloneArgs{setTid: setTid, setTidSize: 33}, cloneArgsSize1, syscall.EINVAL},
		{"set_tid of nothing", cloneArgs{setTid: setTid}, cloneArgsSize1, syscall.EINVAL},
		{"set_tid nowhere", cloneArgs{setTidSize: 1}, cloneArgsSize1, syscall.EINVAL},
		{"INTO_CGROUP", cloneArgs{flags: CLONE_INTO_CGROUP, cgroup: 3}, cloneArgsSize2, nil},
		{"INTO_CGROUP that the version has not", cloneArgs{flags: CLONE_INTO_CGROUP}, cloneArgsSize1, syscall.EINVAL},
		{"INTO_CGROUP of no descriptor", cloneArgs{flags: CLONE_INTO_CGROUP, cgroup: 1 << 31}, cloneArgsSize2, syscall.EINVAL},
	} {
		raw := append(tt.args.raw(tt.size), 0)
		args, err := readCloneArgs(uintptr(unsafe.Pointer(&raw[0])), uintptr(tt.size))
		if err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err == nil && args.Stack != uintptr(tt.args.stack+tt.args.stackSize) {
			t.Errorf("%s: stack %#x", tt.name, args.Stack)
		}
	}
	raw := cloneArgs{}.raw(96)
	raw[95] = 1
	if _, err := readCloneArgs(uintptr(unsafe.Pointer(&raw[0])), 96); err != syscall.E2BIG {
		t.Errorf("unknown field: %v, want E2BIG", err)
	}
}

func FuzzCloneArgs(f *testing.F) {
	f.Add(cloneArgs{exitSignal: 17}.raw(cloneArgsSize0))
	f.Add(cloneArgs{flags: CLONE_INTO_CGROUP, cgroup: 3}.raw(cloneArgsSize2))
	f.Add(cloneArgs{stack: 0x1000, stackSize: ^uint64(0)}.raw(100))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < cloneArgsSize0 {
			return
		}
		var a cloneArgs
		if a.decode(raw) != nil || a.check(uintptr(len(raw))) != nil || a.checkFlags() != nil {
			return
		}
		k := a.kernelArgs(nil)
		switch {
		case k.Flags&(CLONE_GLOBAL_THREAD|CLONE_IDLE_THREAD) != 0:
			t.Errorf("internal flags: %#x", k.Flags)
		case k.ExitSignal < 0 || k.ExitSignal > 64:
			t.Errorf("exit signal %d", k.ExitSignal)
		case k.Stack > arch.TaskSize:
			t.Errorf("stack %#x", k.Stack)
		}
	})
}
