package kernel

import (
	"bytes"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/vm"
)

// maybeELF stands for the size of a part whose first page counts if it begins
// with ELF's magic.
const maybeELF = ^uintptr(0)

// snapshot returns the parts of the memory, and the files in it.
func (c *coredump) snapshot() (segments []coreSegment, files []coreFile) {
	filter := c.mm.CoredumpFilter()
	c.mm.Walk(func(a *vm.Area) bool {
		segments = append(segments, coreSegment{a.Start, a.End, coreFlags(a.Flags), coreSize(a, filter)})
		if name := coreFileName(a); name != "" {
			files = append(files, coreFile{a.Start, a.End, a.Offset / arch.PageSize, name})
		}
		return true
	})
	for i := range segments {
		if s := &segments[i]; s.size == maybeELF {
			var magic [4]byte
			s.size = 0
			if n, _ := c.mm.PeekRemote(s.start, magic[:]); n == 4 && bytes.Equal(magic[:], []byte("\x7fELF")) {
				s.size = arch.PageSize
			}
		}
	}
	return segments, files
}

// coreFileName returns the name of the file of an area, or "". Shared memory without
// a file has one that /proc shows as well.
func coreFileName(a *vm.Area) string {
	switch {
	case a.File != nil:
		return a.File.MapPath()
	case a.Flags&vm.VM_SHARED != 0:
		return a.Name
	}
	return ""
}

// coreFlags converts rights to PF_R, PF_W and PF_X.
func coreFlags(f vm.Flags) (p uint32) {
	for i, bit := range [...]vm.Flags{vm.VM_EXEC, vm.VM_WRITE, vm.VM_READ} {
		if f&bit != 0 {
			p |= 1 << i
		}
	}
	return p
}

// coreSize returns how much of an area is dumped; core(5), "Controlling which
// mappings are written to the core dump", and Linux's vma_dump_size.
func coreSize(a *vm.Area, filter uint32) uintptr {
	has := func(bit uint32) bool { return filter&bit != 0 }
	whole := a.End - a.Start
	inode := mappedInode(a.File)
	switch {
	case a.Name != "" && a.Flags&vm.VM_SHARED == 0:
		return whole // the kernel's own code for programs
	case a.Flags&(vm.VM_DONTDUMP|vm.VM_SPECIAL) != 0:
		return 0
	case a.Flags&vm.VM_SHARED != 0:
		bit := uint32(vm.DumpMappedShared)
		if inode == nil || inode.Nlink() == 0 {
			bit = vm.DumpAnonShared
		}
		if has(bit) {
			return whole
		}
		return 0
	case has(vm.DumpAnonPrivate) && a.Written():
		return whole
	case a.File == nil:
		return 0
	case has(vm.DumpMappedPrivate):
		return whole
	case has(vm.DumpElfHeaders) && a.Offset == 0 && a.Flags&vm.VM_READ != 0:
		if inode != nil && inode.Mode()&0o111 != 0 {
			return arch.PageSize
		}
		return maybeELF
	}
	return 0
}

// mappedInode returns the inode of a mapped file, or nil.
func mappedInode(f vm.File) *fs.Inode {
	switch f := f.(type) {
	case *fs.File:
		return f.Inode
	case exeFile:
		return f.Inode
	}
	return nil
}
