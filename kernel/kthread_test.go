//go:build !metal

package kernel

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"onsen/kernel/sched"
)

func TestKthreadRunStop(t *testing.T) {
	inTask(t, func() {
		var running sched.Completion
		p, err := KthreadRun(func(arg any) int {
			running.Complete()
			for !KthreadShouldStop() {
				sched.SleepInterruptible(1e12)
			}
			return arg.(int)
		}, 42, "answer")
		if err != nil {
			t.Error(err)
			return
		}
		running.Wait() // stopped earlier, it would not run at all
		if p.Name() != "answer" || p.Parent() != kthreadd.task || p.Nice() != 0 {
			t.Errorf("%s, child of %s", p.Name(), p.Parent().Name())
		}
		if got := KthreadStop(p); got != 42 {
			t.Errorf("result %d, want 42", got)
		}
		if got := KthreadStop(p); got != 42 {
			t.Errorf("result of a thread that has ended: %d, want 42", got)
		}
	})
}

func TestKthreadStopBeforeRun(t *testing.T) {
	inTask(t, func() {
		p, err := KthreadCreate(func(any) int {
			t.Error("ran")
			return 0
		}, nil, "never")
		if err != nil {
			t.Error(err)
			return
		}
		if got := KthreadStop(p); got != -int(syscall.EINTR) {
			t.Errorf("result %d, want -EINTR", got)
		}
	})
}

func TestKthreadWaitsForWakeUp(t *testing.T) {
	inTask(t, func() {
		var ran atomic.Bool
		p, _ := KthreadCreate(func(any) int { ran.Store(true); return 1 }, nil, "later")
		sched.Sleep(3e6)
		if ran.Load() || p.State() != sched.TaskUninterruptible {
			t.Error("ran before it was woken")
		}
		sched.WakeUpProcess(&p.Task)
		p.kthread.exited.Wait()
		if KthreadStop(p) != 1 || !ran.Load() {
			t.Error("did not run when it was woken")
		}
	})
}

func TestKthreadBind(t *testing.T) {
	inTask(t, func() {
		for cpu := range testCPUs {
			var mask sched.CPUMask
			at := -1
			p, err := KthreadCreateOnCPU(func(any) int {
				mask, at = Current().CPUsAllowed(), Current().CPU()
				return 0
			}, nil, cpu, "bound")
			if err != nil {
				t.Error(err)
				return
			}
			sched.WakeUpProcess(&p.Task)
			p.kthread.exited.Wait()
			if mask != sched.MaskOf(cpu) || at != cpu || p.flags.Load()&PF_NO_SETAFFINITY == 0 {
				t.Errorf("bound to %#x, ran on %d, want %d", mask, at, cpu)
			}
		}
		if err := KthreadBind(Current(), 0); err != syscall.EINVAL {
			t.Errorf("binding a running thread: %v", err)
		}
	})
}

func TestKthreadPark(t *testing.T) {
	inTask(t, func() {
		var turns atomic.Int32
		p, err := KthreadCreateOnCPU(func(any) int {
			for !KthreadShouldStop() {
				if KthreadShouldPark() {
					KthreadParkme()
					continue
				}
				turns.Add(1)
				sched.Sleep(100e3)
			}
			return int(turns.Load())
		}, nil, 2, "parker")
		if err != nil {
			t.Error(err)
			return
		}
		sched.WakeUpProcess(&p.Task)
		for range 20 {
			if err := KthreadPark(p); err != nil {
				t.Error(err)
			}
			n := turns.Load()
			if err := KthreadPark(p); err != syscall.EBUSY {
				t.Errorf("parking twice: %v, want EBUSY", err)
			}
			sched.WakeUpProcess(&p.Task) // must not unpark it
			sched.Sleep(500e3)
			if p.State() != sched.TaskParked || turns.Load() != n {
				t.Error("runs while parked")
			}
			KthreadUnpark(p)
			for turns.Load() == n {
				sched.Sleep(100e3)
			}
		}
		if err := KthreadPark(p); err != nil {
			t.Error(err)
		}
		KthreadStop(p)
		if err := KthreadPark(p); err != syscall.ENOSYS {
			t.Errorf("parking a thread that has ended: %v, want ENOSYS", err)
		}
	})
}

// TestOops lets threads die in every way that leaves the kernel alive.
func TestOops(t *testing.T) {
	old := Oops
	defer func() { Oops = old }()
	var told atomic.Pointer[Task]
	var value any
	var pcs []uintptr
	Oops = func(p *Task, v any, stack []uintptr) {
		value, pcs = v, stack
		told.Store(p)
	}
	var p *int
	zero := 0
	for _, tt := range []struct {
		name string
		fn   func(any) int
		want string
	}{
		{"nil dereference", func(any) int { return *p }, "nil pointer dereference"},
		{"division", func(any) int { return 1 / zero }, "integer divide by zero"},
		{"panic", func(any) int { panic(errors.New("enough")) }, "enough"},
	} {
		inTask(t, func() {
			told.Store(nil)
			k, err := KthreadRun(tt.fn, nil, "victim")
			if err != nil {
				t.Error(err)
				return
			}
			k.kthread.exited.Wait()
			if got := KthreadStop(k); got != -int(syscall.EFAULT) {
				t.Errorf("%s: result %d, want -EFAULT", tt.name, got)
			}
			if told.Load() != k {
				t.Errorf("%s: no oops", tt.name)
				return
			}
			if err, ok := value.(error); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: value %v", tt.name, value)
			}
			if !inStack(pcs, "TestOops") {
				t.Errorf("%s: the stack does not show the function", tt.name)
			}
			if k.exitCode != sigsegv {
				t.Errorf("%s: exit code %#x", tt.name, k.exitCode)
			}
		})
	}
}

func inStack(pcs []uintptr, name string) bool {
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}

func TestGoexitEndsThread(t *testing.T) {
	inTask(t, func() {
		p, err := KthreadRun(func(any) int {
			runtime.Goexit()
			return 0
		}, nil, "goexit")
		if err != nil {
			t.Error(err)
			return
		}
		p.kthread.exited.Wait()
	})
}

func TestHex32(t *testing.T) {
	for code, want := range map[int]string{0x0b: "0x0000000b", 0xff00: "0x0000ff00", 0: "0x00000000"} {
		if got := hex32(code); got != want {
			t.Errorf("hex32(%d) = %s, want %s", code, got, want)
		}
	}
}
