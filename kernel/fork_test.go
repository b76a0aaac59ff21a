//go:build !metal

package kernel

import (
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
)

func TestCheckCloneFlags(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags uint64
		want  error
	}{
		{"none", 0, nil},
		{"fork", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, nil},
		{"pthread_create", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, nil},
		{"NEWNS and FS", CLONE_NEWNS | CLONE_FS, syscall.EINVAL},
		{"NEWUSER and FS", CLONE_NEWUSER | CLONE_FS, syscall.EINVAL},
		{"THREAD without SIGHAND", CLONE_THREAD | CLONE_VM, syscall.EINVAL},
		{"SIGHAND without VM", CLONE_SIGHAND, syscall.EINVAL},
		{"THREAD and NEWPID", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID, syscall.EINVAL},
		{"THREAD and NEWUSER", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER, syscall.EINVAL},
		{"PIDFD and DETACHED", CLONE_PIDFD | CLONE_DETACHED, syscall.EINVAL},
		{"PIDFD and THREAD", CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, syscall.EINVAL},
		{"PARENT", CLONE_PARENT, nil},
		{"NEWNS", CLONE_NEWNS, nil},
		{"PIDFD", CLONE_PIDFD, nil},
	} {
		if err := checkCloneFlags(&Task{signal: new(SignalStruct)}, &KernelCloneArgs{Flags: tt.flags}); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestCopyProcessRefuses(t *testing.T) {
	fn := func(any) int { return 0 }
	tests := []struct {
		name string
		args KernelCloneArgs
		want error
	}{
		{"a kernel thread without function", KernelCloneArgs{Kthread: true}, syscall.EINVAL},
		{"idle flag without idle", KernelCloneArgs{Kthread: true, Fn: fn, Flags: CLONE_IDLE_THREAD}, syscall.EINVAL},
		{"idle without idle flag", KernelCloneArgs{Kthread: true, Fn: fn, Idle: true}, syscall.EINVAL},
		{"NEWNET", KernelCloneArgs{Kthread: true, Fn: fn, Flags: CLONE_NEWNET}, syscall.EINVAL},
		{"chosen PID that is taken", KernelCloneArgs{Kthread: true, Fn: fn, SetTid: []int{1}}, syscall.EEXIST},
		{"chosen PID 0", KernelCloneArgs{Kthread: true, Fn: fn, SetTid: []int{0}}, syscall.EINVAL},
		{"chosen PID too high", KernelCloneArgs{Kthread: true, Fn: fn, SetTid: []int{PidMax}}, syscall.EINVAL},
		{"PIDs for too many namespaces", KernelCloneArgs{Kthread: true, Fn: fn, SetTid: []int{7, 8}}, syscall.EINVAL},
	}
	inTask(t, func() {
		for _, tt := range tests {
			if p, err := CopyProcess(&tt.args); p != nil || err != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		if _, err := KernelClone(&KernelCloneArgs{Kthread: true, Idle: true, Flags: CLONE_IDLE_THREAD}); err != syscall.EINVAL {
			t.Errorf("KernelClone of an idle task: %v, want EINVAL", err)
		}
		Current().SetFlag(sched.TIFSigPending)
		if _, err := KernelThread(fn, nil, 0); err != errno.ERESTARTNOINTR {
			t.Errorf("with a signal pending: %v, want ERESTARTNOINTR", err)
		}
	})
}

func TestKernelThread(t *testing.T) {
	inTask(t, func() {
		parent := Current()
		parent.SetNice(3)
		var child *Task
		var name string
		var nice int
		var done, release sched.Completion
		pid, err := KernelThread(func(arg any) int {
			child, name, nice = Current(), Current().Name(), Current().Nice()
			if arg != "argument" {
				t.Errorf("argument %v", arg)
			}
			done.Complete()
			release.Wait()
			return 0
		}, "argument", CLONE_FS|17)
		if err != nil {
			t.Error(err)
			return
		}
		done.Wait()
		if FindTaskByPid(pid) != child || child.Pid != pid || child.Tgid != pid {
			t.Errorf("PID %d is not the child", pid)
		}
		if child.Parent() != parent || !child.IsKthread() || child.exitSignal != 17 {
			t.Error("the child is not as asked for")
		}
		if name != parent.Name() || nice != 3 {
			t.Errorf("inherited name %q, nice %d", name, nice)
		}
		if !slices.Contains(Tasks(), child) {
			t.Error("not in the list of tasks")
		}
		release.Complete()
		for FindTaskByPid(pid) != nil {
			sched.Sleep(1e6)
		}
		if slices.Contains(Tasks(), child) || hasChildren(parent) {
			t.Error("the dead child left something behind")
		}
	})
}

func TestVfork(t *testing.T) {
	inTask(t, func() {
		var ended atomic.Bool
		_, err := KernelThread(func(any) int {
			sched.Sleep(3e6)
			ended.Store(true)
			return 0
		}, nil, CLONE_VFORK)
		if err != nil || !ended.Load() {
			t.Errorf("%v; the child has ended: %v", err, ended.Load())
		}
	})
}

func TestOrphansGoToInit(t *testing.T) {
	inTask(t, func() {
		var grandchild *Task
		var made, release sched.Completion
		_, err := KernelThread(func(any) int {
			_, err := KernelThread(func(any) int {
				grandchild = Current()
				made.Complete()
				release.Wait()
				return 0
			}, nil, 0)
			if err != nil {
				t.Error(err)
			}
			return 0
		}, nil, CLONE_VFORK)
		if err != nil {
			t.Error(err)
			return
		}
		made.Wait()
		if p := grandchild.Parent(); p.Pid != 1 {
			t.Errorf("parent of the orphan is %d", p.Pid)
		}
		release.Complete()
	})
}

func TestForkIdle(t *testing.T) {
	inTask(t, func() {
		p, err := ForkIdle(7)
		if err != nil {
			t.Error(err)
			return
		}
		if p.Pid != 0 || p.Name() != "swapper/7" || !p.IsIdle() || p.CPU() != 7 || p.flags.Load()&PF_IDLE == 0 {
			t.Errorf("%+v", p)
		}
		if slices.Contains(Tasks(), p) || FindTaskByPid(0) != nil {
			t.Error("an idle task is in the lists")
		}
	})
}

// TestManyThreads ends threads on all CPUs at once.
func TestManyThreads(t *testing.T) {
	const n = 400
	inTask(t, func() {
		for range n {
			if _, err := KernelThread(func(any) int { sched.Yield(); return 0 }, nil, 0); err != nil {
				t.Error(err)
			}
		}
		for hasChildren(Current()) {
			sched.Sleep(1e6)
		}
	})
}

func hasChildren(p *Task) bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return p.children.first != nil
}
