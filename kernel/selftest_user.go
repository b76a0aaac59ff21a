//go:build metal

package kernel

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/arch/usertest"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

func init() {
	selfTests = append(selfTests,
		selfTest{"usermode", testUserMode},
		selfTest{"usermode-state", testUserState},
		selfTest{"usermode-stop", testUserStop},
		selfTest{"usermode-copy", testUserCopy},
		selfTest{"usermode-flush", testUserFlush},
	)
}

// Where a testProgram has its pages.
const (
	testCode  = 0x40_0000
	testStack = 0x7f_1234_5000
	testSP    = testStack + 0x800
	testData  = 0x12_3456_7000 // mapped by the tests
)

// testProgram is a program of package usertest and its memory, without anything
// else that belongs to a process. Tables and pages are made by hand.
type testProgram struct {
	mm    arch.MMContext
	mu    sync.Mutex // protects the tables and pages
	pages []uintptr  // to be freed
}

// newTestProgram returns an address space with code and stack.
func newTestProgram() (*testProgram, error) {
	p := new(testProgram)
	if err := p.mm.PgdInit(p.alloc); err != nil {
		return nil, err
	}
	code, err := p.mapPage(testCode, spec.UserR|spec.UserX)
	if err != nil {
		return nil, err
	}
	n := copy(pageBytes(code), usertest.Code())
	arch.SyncICache(arch.PhysToVirt(code), uintptr(n))
	_, err = p.mapPage(testStack, spec.UserR|spec.UserW)
	return p, err
}

// alloc returns a page of zeros that release frees, or 0.
//
// Preconditions: mu held, or nobody else knows p.
func (p *testProgram) alloc() uintptr {
	pa := mm.AllocPage()
	if pa != 0 {
		arch.ZeroPage(arch.PhysToVirt(pa))
		p.pages = append(p.pages, pa)
	}
	return pa
}

// mapPage maps a new page.
func (p *testProgram) mapPage(va uintptr, prot spec.UserProt) (pa uintptr, err error) {
	e := p.entry(va)
	p.mu.Lock()
	pa = p.alloc()
	p.mu.Unlock()
	if e == nil || pa == 0 {
		return 0, fmt.Errorf("no memory")
	}
	e.Store(uint64(arch.MakePTE(pa, prot)))
	return pa, nil
}

// entry returns the page table entry for va, making the tables it needs, or nil.
func (p *testProgram) entry(va uintptr) *atomic.Uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	table := p.mm.Pgd
	for shift := 39; ; shift -= 9 {
		e := (*atomic.Uint64)(unsafe.Add(nil, arch.PhysToVirt(table)+va>>shift&511*8))
		if shift == 12 {
			return e
		}
		if arch.PTE(e.Load()).None() {
			pa := p.alloc()
			if pa == 0 {
				return nil
			}
			e.Store(uint64(arch.MakeTable(pa)))
		}
		table = arch.PTE(e.Load()).PA()
	}
}

// release frees everything. No task runs the program any more.
func (p *testProgram) release() {
	arch.RetireMM(&p.mm)
	for _, pa := range p.pages {
		mm.FreePage(pa)
	}
}

func pageBytes(pa uintptr) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, arch.PhysToVirt(pa))), arch.PageSize)
}

// word returns the word of a page as an atomic.
func pageWord(pa uintptr) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Add(nil, arch.PhysToVirt(pa)))
}

// run makes the calling kernel thread one that runs the program for the time of
// fn. Each thread has a stack of its own, which begins with the program's number
// and its parameter.
func (p *testProgram) run(thread int, program, parameter uintptr, fn func(t *Task) error) error {
	stack := testStack + uintptr(thread)*arch.PageSize
	pte := arch.PTE(p.entry(stack).Load())
	if pte.None() {
		if _, err := p.mapPage(stack, spec.UserR|spec.UserW); err != nil {
			return err
		}
		pte = arch.PTE(p.entry(stack).Load())
	}
	sp := stack + testSP - testStack
	words := (*[2]uintptr)(unsafe.Add(nil, arch.PhysToVirt(pte.PA())+testSP-testStack))
	words[0], words[1] = program, parameter

	t := Current()
	t.user.Reset()
	t.user.Regs().StartThread(testCode, sp)
	t.Task.User, t.Task.MM = &t.user, &p.mm
	arch.SwitchMM(&p.mm)
	defer func() {
		t.Task.User, t.Task.MM = nil, nil
		arch.SwitchMM(nil)
	}()
	return fn(t)
}

// enterUser lets the program of t run, as userLoop does, and tells why it is back.
func enterUser(t *Task) spec.Entry {
	return arch.EnterUser(&t.user, t.FlagWord(), exitWork|tracedWork)
}

// nextUserEntry runs the program until something other than an interrupt ends that.
func (t *Task) nextUserEntry() spec.Entry {
	for {
		switch e := enterUser(t); e {
		case spec.EntryWork, spec.EntryInterrupt:
			t.exitToUserModeLoop()
		default:
			return e
		}
	}
}

// wantSyscall runs the program until it makes system call nr.
func (t *Task) wantSyscall(nr int) (args [6]uintptr, err error) {
	e := t.nextUserEntry()
	regs := t.user.Regs()
	if e != spec.EntrySyscall {
		return args, fmt.Errorf("user mode ends with %d at %#x, %+v, and not with a system call", e, regs.PC(), *t.user.Trap())
	}
	regs.SyscallArgs(&args)
	if got := regs.SyscallWord(); got != nr {
		return args, fmt.Errorf("system call %d (%#x), not %d", got, args, nr)
	}
	return args, nil
}

// wantFault runs the program until it fails to do a at addr.
func (t *Task) wantFault(addr uintptr, a spec.Access) error {
	e := t.nextUserEntry()
	if trap := t.user.Trap(); e != spec.EntryPageFault || trap.Addr != addr || trap.Access != a {
		return fmt.Errorf("user mode ends with %d, %+v, and not with access %d at %#x", e, trap, a, addr)
	}
	return nil
}

// testUserMode enters user mode and leaves it in every way.
func testUserMode() error {
	p, err := newTestProgram()
	if err != nil {
		return err
	}
	defer p.release()
	var c crew
	c.startEach(func(cpu int) {
		for _, test := range []func(*testProgram, int) error{
			userNull, userFaults, userIllegal, userBadPC, userInterrupt,
		} {
			if err := test(p, cpu); err != nil {
				c.errorf("CPU %d: %v", cpu, err)
			}
		}
	})
	return c.wait()
}

// userNull makes system calls.
func userNull(p *testProgram, cpu int) error {
	return p.run(cpu, usertest.Null, 0, func(t *Task) error {
		for i := range uintptr(1000) {
			args, err := t.wantSyscall(usertest.SysNull)
			if err != nil {
				return err
			}
			if args != [6]uintptr{1, 2, 3, 4, 5, 6} {
				return fmt.Errorf("arguments %#x", args)
			}
			result := ^i << 20
			t.user.Regs().SetReturnValue(result)
			if i == 3 {
				t.user.Regs().RewindSyscall(usertest.SysNull, args[0])
				if args, err = t.wantSyscall(usertest.SysNull); err != nil || args[0] != 1 {
					return fmt.Errorf("after rewinding: arguments %#x, %w", args, err)
				}
				t.user.Regs().SetReturnValue(result)
			}
			args, err = t.wantSyscall(usertest.SysReport)
			if err != nil {
				return err
			}
			if args[0] != result || args[1] != usertest.Kept {
				return fmt.Errorf("the program gets %#x and keeps %#x, not %#x and %#x",
					args[0], args[1], result, uintptr(usertest.Kept))
			}
		}
		return nil
	})
}

// userFaults accesses memory that is not there or not for the program.
func userFaults(p *testProgram, cpu int) error {
	data := testData + uintptr(cpu)*arch.PageSize
	pa, err := p.mapPage(data, spec.UserR)
	if err != nil {
		return err
	}
	pte := p.entry(data)
	pte.Store(0)
	arch.FlushTLB(&p.mm, data, data+arch.PageSize)
	pageWord(pa).Store(42)
	err = p.run(cpu, usertest.Load, data, func(t *Task) error {
		if err := t.wantFault(data, spec.AccessRead); err != nil {
			return err
		}
		pte.Store(uint64(arch.MakePTE(pa, 0)))
		if err := t.wantFault(data, spec.AccessRead); err != nil {
			return err
		}
		pte.Store(uint64(arch.PTE(pte.Load()).WithProt(spec.UserR)))
		arch.FlushTLB(&p.mm, data, data+arch.PageSize)
		if args, err := t.wantSyscall(usertest.SysReport); err != nil || args[0] != 42 {
			return fmt.Errorf("loaded %d instead of 42, %v", args[0], err)
		}
		t.user.Regs().SetPC(data)
		return t.wantFault(data, spec.AccessExec)
	})
	if err != nil {
		return err
	}
	err = p.run(cpu, usertest.Store, data, func(t *Task) error {
		if err := t.wantFault(data, spec.AccessWrite); err != nil {
			return err
		}
		pte.Store(uint64(arch.PTE(pte.Load()).WithProt(spec.UserR | spec.UserW)))
		arch.FlushTLB(&p.mm, data, data+arch.PageSize)
		if _, err := t.wantSyscall(usertest.SysReport); err != nil || pageWord(pa).Load() != 1 {
			return fmt.Errorf("stored %d instead of 1, %v", pageWord(pa).Load(), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	kernel := arch.PhysToVirt(pa)
	return p.run(cpu, usertest.Load, kernel, func(t *Task) error {
		return t.wantFault(kernel, spec.AccessRead)
	})
}

// userIllegal executes an undefined instruction.
func userIllegal(p *testProgram, cpu int) error {
	const sigill = 4
	return p.run(cpu, usertest.Illegal, 0, func(t *Task) error {
		if e := t.nextUserEntry(); e != spec.EntryException || t.user.Trap().Signo != sigill {
			return fmt.Errorf("user mode ends with %d, %+v, and not with an illegal instruction", e, *t.user.Trap())
		}
		return nil
	})
}

// userBadPC continues the program where there can be none.
func userBadPC(p *testProgram, cpu int) error {
	return p.run(cpu, usertest.Null, 0, func(t *Task) error {
		for _, pc := range []uintptr{0, arch.TaskSize, 1 << 55, 1 << 63, arch.PhysToVirt(0), math.MaxUint64 &^ 3} {
			t.user.Regs().StartThread(pc, math.MaxUint64&^15)
			e := t.nextUserEntry()
			if trap := t.user.Trap(); e != spec.EntryPageFault && (e != spec.EntryException || trap.Signo != sigsegv) {
				return fmt.Errorf("user mode ends with %d, %+v, after a jump to %#x", e, trap, pc)
			}
		}
		return nil
	})
}

// userInterrupt waits for the timer in user mode.
func userInterrupt(p *testProgram, cpu int) error {
	const wait = 3e6
	word := testStack + uintptr(cpu)*arch.PageSize
	return p.run(cpu, usertest.Count, word, func(t *Task) error {
		due := false
		var timer sched.Timer
		timer.Init(func(*sched.Timer) { due = true })
		timer.Start(arch.Ktime() + wait)
		count := pageWord(arch.PTE(p.entry(word).Load()).PA())
		for !due || count.Load() == 0 {
			if due { // before the program had begun
				due = false
				timer.Start(arch.Ktime() + wait)
			}
			switch e := enterUser(t); e {
			case spec.EntryWork, spec.EntryInterrupt:
				t.exitToUserModeLoop()
			default:
				return fmt.Errorf("user mode ends with %d, %+v, while nothing but interrupts come", e, *t.user.Trap())
			}
		}
		return nil
	})
}

// testUserState runs programs that look at their registers, three to a CPU, and
// moves them around.
func testUserState() error {
	const rounds = 200
	p, err := newTestProgram()
	if err != nil {
		return err
	}
	defer p.release()
	cpus := activeCPUs()
	threads := 3 * len(cpus)
	var c crew
	for i := range threads {
		c.start(sched.AllCPUs, func() {
			err := p.run(i, usertest.State, uintptr(1000+i), func(t *Task) error {
				tls := testStack + uintptr(i)*arch.PageSize
				pageWord(arch.PTE(p.entry(tls).Load()).PA()).Store(uint64(1000 + i))
				t.user.SetTLS(tls)
				for r := range rounds {
					if _, err := t.wantSyscall(usertest.SysYield); err != nil {
						return err
					}
					if r%5 == i%5 {
						m := sched.MaskOf(cpus[(r/5+i)%len(cpus)])
						if err := sched.SetCPUsAllowed(&t.Task, m); err != nil {
							return err
						}
					}
					sched.Yield()
				}
				return nil
			})
			if err != nil {
				c.errorf("thread %d: %v", i, err)
			}
		})
	}
	return c.wait()
}

// testUserStop collects garbage while every CPU is in user mode: each must leave
// it for that, without having anything else to do.
func testUserStop() error {
	const rounds = 5
	p, err := newTestProgram()
	if err != nil {
		return err
	}
	defer p.release()
	var c crew
	var running atomic.Int32
	c.startEach(func(cpu int) {
		data := testData + uintptr(cpu)*arch.PageSize
		if _, err := p.mapPage(data, spec.UserR|spec.UserW); err != nil {
			c.errorf("%v", err)
			return
		}
		err := p.run(cpu, usertest.Poll, data, func(t *Task) error {
			running.Add(1)
			_, err := t.wantSyscall(usertest.SysReport)
			return err
		})
		if err != nil {
			c.errorf("CPU %d: %v", cpu, err)
		}
	})
	for int(running.Load()) < len(c.threads) {
		sched.Sleep(1e6)
	}
	for range rounds {
		onGoroutine(runtime.GC)
	}
	for _, cpu := range activeCPUs() {
		data := testData + uintptr(cpu)*arch.PageSize
		pageWord(arch.PTE(p.entry(data).Load()).PA()).Store(1)
	}
	return c.wait()
}

// testUserCopy copies from and to pages that are partly missing.
func testUserCopy() error {
	p, err := newTestProgram()
	if err != nil {
		return err
	}
	defer p.release()
	for _, m := range []struct {
		va   uintptr
		prot spec.UserProt
	}{
		{testData, spec.UserR | spec.UserW},
		{testData + 2*arch.PageSize, spec.UserR},
		{testData + 4*arch.PageSize, 0},
	} {
		pa, err := p.mapPage(m.va, m.prot)
		if err != nil {
			return err
		}
		for i := range pageBytes(pa) {
			pageBytes(pa)[i] = byte(i)
		}
	}
	return p.run(0, usertest.Null, 0, func(*Task) error { return userCopies() })
}

// userCopies does the copies of testUserCopy.
func userCopies() error {
	const page = arch.PageSize
	var buf [64]byte
	for _, test := range []struct {
		at          uintptr // behind testData
		n           uintptr
		read, write uintptr // what is left
	}{
		{0, 64, 0, 0},
		{1, 1, 0, 0},
		{page - 64, 64, 0, 0},
		{page - 13, 64, 51, 51},
		{page - 8, 8, 0, 0},
		{page - 7, 8, 1, 1},
		{page, 64, 64, 64},
		{2*page - 1, 3, 3, 3},
		{2 * page, 33, 0, 33},
		{3*page - 3, 33, 30, 33},
		{4 * page, 9, 9, 9},
		{arch.TaskSize - testData - 8, 8, 8, 8},
	} {
		user := testData + test.at
		if left := arch.CopyToUser(user, unsafe.Pointer(&buf), test.n); left != test.write {
			return fmt.Errorf("%d of %d bytes are left of a copy to %#x, not %d", left, test.n, user, test.write)
		}
		if left := arch.ClearUser(user, test.n); left != test.write {
			return fmt.Errorf("%d of %d bytes are left when %#x is cleared, not %d", left, test.n, user, test.write)
		}
		if left := arch.CopyFromUser(unsafe.Pointer(&buf), user, test.n); left != test.read {
			return fmt.Errorf("%d of %d bytes are left of a copy from %#x, not %d", left, test.n, user, test.read)
		}
		aligned := user &^ 3
		readable := test.read < test.n
		v, ok := arch.LoadUser32(aligned)
		if ok != readable {
			return fmt.Errorf("loading from %#x: %v", aligned, ok)
		}
		writable := test.write < test.n
		// Only a store that is done faults for certain.
		if _, ok := arch.CmpxchgUser32(aligned, v, v); ok != writable {
			return fmt.Errorf("changing %#x: %v", aligned, ok)
		}
	}
	copy(buf[:], "12345678")
	if arch.CopyToUser(testData+5, unsafe.Pointer(&buf), 8) != 0 ||
		arch.CopyFromUser(unsafe.Pointer(&buf[20]), testData+5, 8) != 0 || string(buf[20:28]) != "12345678" {
		return fmt.Errorf("copied there and back: %q", buf[20:28])
	}
	if v, ok := arch.CmpxchgUser32(testData+8, 0x37363534, 7); !ok || v != 0x37363534 {
		return fmt.Errorf("compared with %#x", v)
	}
	if v, ok := arch.LoadUser32(testData + 8); !ok || v != 7 {
		return fmt.Errorf("stored %#x", v)
	}
	return nil
}

// testUserFlush takes a page away from programs on all CPUs, time and again.
func testUserFlush() error {
	const rounds = 50
	p, err := newTestProgram()
	if err != nil {
		return err
	}
	defer p.release()
	pa, err := p.mapPage(testData, spec.UserR|spec.UserW)
	if err != nil {
		return err
	}
	cpus := activeCPUs()
	pte := p.entry(testData)
	var c crew
	var faults, round atomic.Int32
	c.startEach(func(cpu int) {
		err := p.run(cpu, usertest.Count, testData, func(t *Task) error {
			for r := range int32(rounds) {
				if e := t.nextUserEntry(); e != spec.EntryPageFault || t.user.Trap().Addr != testData {
					return fmt.Errorf("user mode ends with %d, %+v", e, *t.user.Trap())
				}
				faults.Add(1)
				for round.Load() == r {
					sched.Sleep(20e3)
				}
			}
			return nil
		})
		if err != nil {
			c.errorf("CPU %d: %v", cpu, err)
			faults.Add(rounds)
		}
	})
	for r := range int32(rounds) {
		sched.Sleep(100e3)
		pte.Store(uint64(arch.MakePTE(pa, 0)))
		arch.FlushTLB(&p.mm, testData, testData+arch.PageSize)
		before := pageWord(pa).Load()
		for faults.Load() < (r+1)*int32(len(cpus)) {
			sched.Sleep(20e3)
		}
		if after := pageWord(pa).Load(); after != before {
			c.errorf("a program writes to a page that was taken away")
		}
		pte.Store(uint64(arch.MakePTE(pa, spec.UserR|spec.UserW)))
		arch.FlushTLB(&p.mm, testData, testData+arch.PageSize)
		round.Store(r + 1)
	}
	return c.wait()
}
