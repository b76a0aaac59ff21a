package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/elf"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// elfFile is an ELF program or interpreter whose headers have been read.
type elfFile struct {
	file  *fs.File
	hdr   elf.Header
	progs []elf.Prog
	// layout is in the file's addresses, and bias what is added to them.
	layout *elf.Layout
	bias   uintptr
}

// entry returns where the program begins.
func (e *elfFile) entry() uintptr { return uintptr(e.hdr.Entry) + e.bias }

// loadELF makes the calling task the ELF program b. ENOEXEC says that it is
// none. Linux's load_elf_binary.
func loadELF(b *binprm) error {
	prog := &elfFile{file: b.file}
	if err := prog.readHeaders(b.buf[:]); err != nil {
		return err
	}
	interp, err := prog.openInterp(b)
	if err != nil {
		return err
	}
	if interp != nil {
		defer closeExec(interp.file)
	}

	t := Current()
	if err := b.beginNewExec(t); err != nil {
		return err
	}
	if err := b.setupStack(t, elf.FindStackMode(prog.progs)); err != nil {
		return err
	}
	if err := prog.load(t, b, interp != nil); err != nil {
		return err
	}
	start, base := prog.entry(), uintptr(0)
	if interp != nil {
		if err := interp.load(t, b, false); err != nil {
			return err
		}
		start, base = interp.entry(), interp.bias
	}
	if start >= arch.TaskSize {
		return syscall.EINVAL
	}
	prog.describe(t, b, interp != nil)
	if err := mapVDSO(t.mm); err != nil {
		return err
	}
	sp, err := b.finishStack(t, prog.auxVector(t, b, base))
	if err != nil {
		return err
	}
	startThread(t, start, sp)
	return nil
}

// readHeaders reads the ELF header, from start, and the program headers. It
// returns ENOEXEC if they are not those of a program of this machine.
func (e *elfFile) readHeaders(start []byte) (err error) {
	if e.hdr, err = elf.ParseHeader(start, arch.ELFMachine); err != nil {
		return err
	}
	size, err := e.hdr.ProgsSize()
	if err != nil {
		return err
	}
	// Most linkers put them right behind the ELF header.
	if end := e.hdr.PhOff + uint64(size); end <= uint64(len(start)) {
		e.progs = elf.ParseProgs(make([]elf.Prog, 0, e.hdr.PhNum), start[e.hdr.PhOff:end])
		return nil
	}
	raw := make([]byte, size)
	if readFull(e.file, raw, int64(e.hdr.PhOff)) != nil {
		return syscall.ENOEXEC
	}
	e.progs = elf.ParseProgs(make([]elf.Prog, 0, e.hdr.PhNum), raw)
	return nil
}

// openInterp opens the interpreter that the program asks for and reads its
// headers; nil if it asks for none. It returns ENOEXEC if the name is none,
// ELIBBAD if the file is no interpreter, and what opening it returns.
func (e *elfFile) openInterp(b *binprm) (*elfFile, error) {
	p, err := elf.FindInterp(e.progs)
	if p == nil {
		return nil, err
	}
	raw := make([]byte, p.Filesz)
	if err := readFull(e.file, raw, int64(p.Off)); err != nil {
		return nil, err
	}
	name, err := elf.InterpName(raw)
	if err != nil {
		return nil, err
	}
	f, err := openExec(name)
	if err != nil {
		return nil, err
	}
	b.wouldDump(f)
	interp := &elfFile{file: f}
	var start [elf.HeaderSize]byte
	if err = readFull(f, start[:], 0); err == nil && interp.readHeaders(start[:]) != nil {
		err = syscall.ELIBBAD
	}
	if err != nil {
		closeExec(f)
		return nil, err
	}
	return interp, nil
}

// readFull fills b from a place in a file. It returns EIO if the file ends
// before that.
func readFull(f *fs.File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if err == nil && n < len(b) {
		err = syscall.EIO
	}
	return err
}

// dynBase is where a program with an interpreter goes that runs anywhere;
// ELF_ET_DYN_BASE. One without may be an interpreter that was called as a
// program: it goes where interpreters go, and leaves room for what it loads.
const dynBase = arch.TaskSize / 3 * 2 &^ (arch.PageSize - 1)

// load maps the segments into the calling task's memory.
func (e *elfFile) load(t *Task, b *binprm, hasInterp bool) (err error) {
	e.layout, err = elf.Plan(&e.hdr, e.progs, uint64(arch.TaskSize))
	if err != nil {
		return err
	}
	if e.hdr.Type == elf.Dyn {
		if err := e.reserve(t, b, hasInterp); err != nil {
			return err
		}
	}
	for i := range e.layout.Segments {
		if err := e.mapSegment(t.mm, &e.layout.Segments[i], i == 0); err != nil {
			return err
		}
	}
	return nil
}

// reserve finds room for all segments of a program that runs anywhere, and sets
// the bias.
func (e *elfFile) reserve(t *Task, b *binprm, hasInterp bool) error {
	l := e.layout
	span := uintptr(l.End - l.Start)
	if hasInterp {
		base := dynBase
		if t.randomizes() {
			base += b.randomBelow(mmapRandom, arch.PageSize)
		}
		if l.Align != 0 {
			base &^= uintptr(l.Align) - 1
		}
		e.bias = base - uintptr(l.Start)
		return nil
	}
	at, err := t.mm.Mmap(vm.MmapArgs{
		Len: span + uintptr(l.Align), Prot: vm.PROT_NONE,
		Flags: vm.MAP_PRIVATE | vm.MAP_ANONYMOUS | vm.MAP_NORESERVE,
	})
	if err != nil {
		return err
	}
	if err := t.mm.Munmap(at, span+uintptr(l.Align)); err != nil {
		return err
	}
	if l.Align != 0 {
		at = (at + uintptr(l.Align) - 1) &^ (uintptr(l.Align) - 1)
	}
	e.bias = at - uintptr(l.Start)
	return nil
}

// mapSegment maps one segment. Linux's elf_load.
func (e *elfFile) mapSegment(m *vm.MM, s *elf.Segment, first bool) error {
	prot := segmentProt(s.Flags)
	flags := vm.MAP_PRIVATE | vm.MAP_FIXED
	if first && e.hdr.Type == elf.Exec {
		flags = vm.MAP_PRIVATE | vm.MAP_FIXED_NOREPLACE
	}
	if s.FileLen > 0 {
		object, err := e.file.Ops.Mmap(e.file)
		if err != nil {
			return err
		}
		_, err = m.Mmap(vm.MmapArgs{
			Addr: uintptr(s.Addr) + e.bias, Len: uintptr(s.FileLen), Prot: prot, Flags: flags,
			File: e.file, Object: object, Offset: int64(s.Off),
		})
		if err != nil {
			return err
		}
		flags = vm.MAP_PRIVATE | vm.MAP_FIXED
	}
	if s.ZeroLen > 0 {
		_, err := uaccess.ClearUser(uintptr(s.ZeroAddr)+e.bias, uintptr(s.ZeroLen))
		if err != nil && s.Flags&elf.FlagW != 0 {
			return err
		}
	}
	if s.BssLen > 0 {
		_, err := m.Mmap(vm.MmapArgs{
			Addr: uintptr(s.BssAddr) + e.bias, Len: uintptr(s.BssLen), Prot: prot,
			Flags: flags | vm.MAP_ANONYMOUS,
		})
		return err
	}
	return nil
}

// segmentProt converts the flags of a program header.
func segmentProt(flags uint32) (prot int) {
	if flags&elf.FlagR != 0 {
		prot |= vm.PROT_READ
	}
	if flags&elf.FlagW != 0 {
		prot |= vm.PROT_WRITE
	}
	if flags&elf.FlagX != 0 {
		prot |= vm.PROT_EXEC
	}
	return prot
}

// describe notes in the memory what is where, for brk(2) and /proc.
func (e *elfFile) describe(t *Task, b *binprm, hasInterp bool) {
	m, l := t.mm, e.layout
	m.ArgLock.Lock()
	defer m.ArgLock.Unlock()
	m.StartCode, m.EndCode = uintptr(l.StartCode)+e.bias, uintptr(l.EndCode)+e.bias
	m.StartData, m.EndData = uintptr(l.StartData)+e.bias, uintptr(l.EndData)+e.bias
	brk := pageAlign(uintptr(l.Brk) + e.bias)
	if t.randomizes() && randomizeVaSpace.Load() > 1 {
		if e.hdr.Type == elf.Dyn && !hasInterp {
			// Away from the mappings, which grow towards it.
			brk = dynBase
		}
		brk += b.randomBelow(brkRandom, arch.PageSize)
	}
	m.StartBrk, m.Brk = brk, brk
}

// auxVector returns what tells the program about itself. base is where the
// interpreter is; the strings that the vector points to come later.
func (e *elfFile) auxVector(t *Task, b *binprm, base uintptr) func(execfn, platform, random uintptr) auxVector {
	return func(execfn, platform, random uintptr) auxVector {
		phdr := uintptr(0)
		if e.layout.Phdr != 0 {
			phdr = uintptr(e.layout.Phdr) + e.bias
		}
		c := t.Cred()
		v := make(auxVector, 0, 2*21)
		if at := t.mm.VDSO.Load(); at != 0 {
			v.add(AT_SYSINFO_EHDR, uint64(at))
		}
		v.add(AT_MINSIGSTKSZ, uint64(arch.SignalFrameSize()))
		v.add(AT_HWCAP, uint64(arch.HWCAP()))
		v.add(AT_PAGESZ, arch.PageSize)
		v.add(AT_CLKTCK, userHz)
		v.add(AT_PHDR, uint64(phdr))
		v.add(AT_PHENT, elf.ProgSize)
		v.add(AT_PHNUM, uint64(len(e.progs)))
		v.add(AT_BASE, uint64(base))
		v.add(AT_FLAGS, 0)
		v.add(AT_ENTRY, uint64(e.entry()))
		v.add(AT_UID, uint64(c.UID))
		v.add(AT_EUID, uint64(c.EUID))
		v.add(AT_GID, uint64(c.GID))
		v.add(AT_EGID, uint64(c.EGID))
		v.add(AT_SECURE, uint64(boolWord(b.secure)))
		v.add(AT_RANDOM, uint64(random))
		v.add(AT_HWCAP2, uint64(arch.HWCAP2()))
		v.add(AT_EXECFN, uint64(execfn))
		v.add(AT_PLATFORM, uint64(platform))
		v.add(AT_NULL, 0)
		return v
	}
}
