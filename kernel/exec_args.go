package kernel

import (
	"bytes"
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/errno"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

const (
	// maxArgStrlen is the longest argument, its NUL counted; MAX_ARG_STRLEN.
	maxArgStrlen = 32 * arch.PageSize
	// argMax is what arguments may take up whatever the limits; ARG_MAX.
	argMax = 128 << 10
	// wordSize is the size of a pointer.
	wordSize = 8
)

// fewPages is enough for what most programs are given.
const fewPages = 2

// argArea is the top of a new program's stack while it is being made, from the
// highest address down: it is written before it is known where it will be.
type argArea struct {
	pages []argPage
	few   [fewPages]argPage // where pages begins
	used  uintptr           // bytes
	limit uintptr           // bytes that may be used
}

// argPage is a page of it.
type argPage struct {
	pa   uintptr
	data *[arch.PageSize]byte
}

// allocArgPage returns a page, not zeroed; false without memory. Tests have
// other pages.
var allocArgPage = func() (argPage, bool) {
	pa := mm.AllocPage()
	if pa == 0 {
		return argPage{}, false
	}
	va := arch.PhysToVirt(pa)
	return argPage{pa, (*[arch.PageSize]byte)(unsafe.Add(nil, va))}, true
}

// push puts b below what is there. It returns E2BIG if that is too much, and
// ENOMEM.
func (a *argArea) push(b []byte) error {
	for len(b) > 0 {
		room, err := a.room(len(b))
		if err != nil {
			return err
		}
		n := len(room)
		copy(room, b[len(b)-n:])
		b = b[:len(b)-n]
	}
	return nil
}

// pushZeros puts n zeros below what is there.
func (a *argArea) pushZeros(n uintptr) error {
	for n > 0 {
		room, err := a.room(int(n))
		if err != nil {
			return err
		}
		clear(room)
		n -= uintptr(len(room))
	}
	return nil
}

// room takes the next bytes downwards, n of them or as many as are left in their
// page, and returns them. n must be within the limit: E2BIG. ENOMEM.
func (a *argArea) room(n int) ([]byte, error) {
	if uintptr(n) > a.limit-min(a.limit, a.used) {
		return nil, syscall.E2BIG
	}
	in := a.used % arch.PageSize // bytes used of the lowest page
	if in == 0 && int(a.used/arch.PageSize) == len(a.pages) {
		p, ok := allocArgPage()
		if !ok {
			return nil, syscall.ENOMEM
		}
		if a.pages == nil {
			a.pages = a.few[:0]
		}
		a.pages = append(a.pages, p)
	}
	page := a.pages[a.used/arch.PageSize].data[:arch.PageSize-in]
	n = min(n, len(page))
	a.used += uintptr(n)
	return page[len(page)-n:], nil
}

// pop takes the lowest n bytes away.
func (a *argArea) pop(n uintptr) { a.used -= n }

// give passes the pages on, from the highest down, each with the distance of its
// start from the top. What was not used of the last one is zero.
func (a *argArea) give(adopt func(below uintptr, p argPage) error) error {
	for i, p := range a.pages {
		above := uintptr(i) * arch.PageSize
		if above >= a.used {
			break
		}
		if used := a.used - above; used < arch.PageSize {
			clear(p.data[:arch.PageSize-used])
		}
		if err := adopt(above+arch.PageSize, p); err != nil {
			return err
		}
		a.pages[i] = argPage{}
	}
	return nil
}

// release gives the pages back.
func (a *argArea) release() {
	for _, p := range a.pages {
		if p.pa != 0 {
			mm.FreePage(p.pa)
		}
	}
	a.pages = nil
}

// readPointers reads the NULL-terminated array of pointers at a user address,
// which may be 0 for an empty one, as argv and envp are. It returns EFAULT,
// E2BIG, and ERESTARTNOHAND if the task is about to die.
func readPointers(t *Task, addr uintptr) ([]uintptr, error) {
	if addr == 0 {
		return nil, nil
	}
	list := make([]uintptr, 0, 16)
	for {
		// Never across the end of a page: the next one need not be there.
		n := min(uintptr(cap(list)-len(list)), max((arch.PageSize-addr%arch.PageSize)/wordSize, 1))
		part := list[len(list) : uintptr(len(list))+n]
		if err := uaccess.GetSlice(part, addr); err != nil {
			return nil, err
		}
		for i, p := range part {
			if p == 0 {
				return list[:len(list)+i], nil
			}
		}
		list = list[:uintptr(len(list))+n]
		addr += n * wordSize
		if len(list) < cap(list) {
			continue
		}
		if len(list) > maxArgPointers {
			return nil, syscall.E2BIG
		}
		if fatalSignalPending(t) {
			return nil, errno.ERESTARTNOHAND
		}
		sched.CondResched()
		list = append(make([]uintptr, 0, 4*len(list)), list...)
	}
}

// maxArgPointers is more than any limit of the stack lets through.
const maxArgPointers = stackLimit / 4 * 3 / wordSize

// argReader reads argument strings of the calling task's program.
type argReader struct{ buf []byte }

// read returns the string at addr with its NUL, in memory that the next read
// uses again. It returns EFAULT, and E2BIG if the string is too long.
func (r *argReader) read(addr uintptr) ([]byte, error) {
	const first = 64 // most strings are shorter
	if r.buf == nil {
		r.buf = make([]byte, 4*first)
	}
	step := uintptr(first)
	for n := 0; ; step = arch.PageSize {
		step = min(step, arch.PageSize-addr%arch.PageSize)
		if need := n + int(step); need > len(r.buf) {
			r.buf = append(make([]byte, 0, 2*need), r.buf[:n]...)[:2*need]
		}
		part := r.buf[n : n+int(step)]
		if _, err := uaccess.CopyFromUser(part, addr); err != nil {
			return nil, err
		}
		if end := bytes.IndexByte(part, 0); end >= 0 {
			if n += end + 1; n > maxArgStrlen {
				return nil, syscall.E2BIG
			}
			return r.buf[:n], nil
		}
		if n += int(step); n >= maxArgStrlen {
			return nil, syscall.E2BIG
		}
		addr += step
	}
}

// execStrings are the strings of a new program: its name, its environment and
// its arguments, pushed in this order and each from the last to the first.
type execStrings struct {
	argArea
	lens       []uint32 // of environment and arguments with their NULs, as pushed
	argc, envc int
}

// pushEnv puts an environment string, which has its NUL, in front of the others.
func (s *execStrings) pushEnv(b []byte) error {
	s.envc++
	s.lens = append(s.lens, uint32(len(b)))
	return s.push(b)
}

// pushArg puts an argument, which has its NUL, in front of the others.
func (s *execStrings) pushArg(b []byte) error {
	s.argc++
	s.lens = append(s.lens, uint32(len(b)))
	return s.push(b)
}

// dropArg takes the first argument away; there is one.
func (s *execStrings) dropArg() {
	last := len(s.lens) - 1
	s.pop(uintptr(s.lens[last]))
	s.lens = s.lens[:last]
	s.argc--
}

// sizes returns how many bytes the arguments and the environment take up.
func (s *execStrings) sizes() (args, env uintptr) {
	for i, n := range s.lens {
		if i < s.envc {
			env += uintptr(n)
		} else {
			args += uintptr(n)
		}
	}
	return args, env
}

// cBytes returns a string with a NUL.
func cBytes(s string) []byte { return append(append(make([]byte, 0, len(s)+1), s...), 0) }
