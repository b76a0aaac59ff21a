package kernel

import (
	"encoding/binary"

	"onsen/arch"
)

// The form of a core file: an ELF file with a program header for the notes and
// one for every part of the memory; gABI, and Linux's fs/binfmt_elf.c.

// Types of notes.
const (
	ntPRStatus = 1
	ntPRFPReg  = 2
	ntPRPSInfo = 3
	ntAuxv     = 6
	ntFile     = 0x46494c45
	ntSigInfo  = 0x53494749
)

const (
	elfHeaderSize = 64
	elfProgSize   = 56
	etCore        = 4
	ptLoad        = 1
	ptNote        = 4
	// coreSegmentsMax is as many as e_phnum can tell.
	coreSegmentsMax = 0xfffe - 1
)

// coreSegment is a part of the memory in a core file.
type coreSegment struct {
	start, end uintptr
	flags      uint32  // PF_*
	size       uintptr // how much of it is in the file
}

// coreHeaders returns the beginning of a core file up to the segments, which begin
// at data; the notes are its end.
func coreHeaders(machine uint16, notes []byte, segments []coreSegment) (b []byte, data int64) {
	le := binary.LittleEndian
	b = append(b, 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint16(b, etCore)
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, 0) // no entry
	b = le.AppendUint64(b, elfHeaderSize)
	b = le.AppendUint64(b, 0) // no sections
	b = le.AppendUint32(b, 0)
	for _, v := range [...]uint16{elfHeaderSize, elfProgSize, uint16(1 + len(segments)), 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	at := uint64(elfHeaderSize + elfProgSize*(1+len(segments)))
	b = appendProg(b, ptNote, 0, [...]uint64{at, 0, 0, uint64(len(notes)), 0, 0})
	at = uint64(pageAlign(uintptr(at) + uintptr(len(notes))))
	data = int64(at)
	for _, s := range segments {
		b = appendProg(b, ptLoad, s.flags, [...]uint64{at, uint64(s.start), 0, uint64(s.size), uint64(s.end - s.start), arch.PageSize})
		at += uint64(s.size)
	}
	return append(b, notes...), data
}

// appendProg appends a program header; v are p_offset to p_align.
func appendProg(b []byte, typ, flags uint32, v [6]uint64) []byte {
	b = binary.LittleEndian.AppendUint32(b, typ)
	b = binary.LittleEndian.AppendUint32(b, flags)
	for _, w := range v {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// appendNote appends a note.
func appendNote(b []byte, name string, typ uint32, desc []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(name)+1))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(desc)))
	b = binary.LittleEndian.AppendUint32(b, typ)
	b = padTo(append(append(b, name...), 0), 4)
	return padTo(append(b, desc...), 4)
}

// padTo appends zeros up to a multiple of n.
func padTo(b []byte, n int) []byte {
	for len(b)%n != 0 {
		b = append(b, 0)
	}
	return b
}

// coreThread is a thread in a core file.
type coreThread struct {
	pid, ppid, pgrp, sid int
	sigpend, sighold     uint64
	utime, stime         int64 // ns
	cutime, cstime       int64
	fpvalid              bool
	regs                 []byte // struct user_regs_struct or user_pt_regs
	more                 []coreRegset
}

// coreRegset is another register set of a thread.
type coreRegset struct {
	name string
	note uint32
	data []byte
}

// prstatus returns the struct elf_prstatus of a thread of a process that died of a
// signal.
func (t *coreThread) prstatus(sig int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(sig)) // si_signo; si_code and si_errno are not set
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = padTo(le.AppendUint16(b, uint16(sig)), 8)
	b = le.AppendUint64(b, t.sigpend)
	b = le.AppendUint64(b, t.sighold)
	for _, id := range [...]int{t.pid, t.ppid, t.pgrp, t.sid} {
		b = le.AppendUint32(b, uint32(id))
	}
	for _, ns := range [...]int64{t.utime, t.stime, t.cutime, t.cstime} {
		b = le.AppendUint64(b, uint64(ns/1e9))
		b = le.AppendUint64(b, uint64(ns%1e9/1e3))
	}
	b = append(b, t.regs...)
	b = le.AppendUint32(b, uint32(boolWord(t.fpvalid)))
	return padTo(b, 8)
}

// corePSInfo is what struct elf_prpsinfo tells of the process.
type corePSInfo struct {
	state, nice          int
	flags                uint32
	uid, gid             uint32
	pid, ppid, pgrp, sid int
	name                 string
	args                 []byte
}

func (p *corePSInfo) bytes() []byte {
	const states = "RSDTZW"
	const nameSize, argsSize = 16, 80
	le := binary.LittleEndian
	letter := byte('.')
	if p.state < len(states) {
		letter = states[p.state]
	}
	b := padTo([]byte{byte(p.state), letter, byte(boolWord(letter == 'Z')), byte(p.nice)}, 8)
	b = le.AppendUint64(b, uint64(p.flags))
	b = le.AppendUint32(b, p.uid)
	b = le.AppendUint32(b, p.gid)
	for _, id := range [...]int{p.pid, p.ppid, p.pgrp, p.sid} {
		b = le.AppendUint32(b, uint32(id))
	}
	var name [nameSize]byte
	copy(name[:nameSize-1], p.name)
	b = append(b, name[:]...)
	var args [argsSize]byte
	n := copy(args[:argsSize-1], p.args)
	for i := range args[:n] {
		if args[i] == 0 {
			args[i] = ' '
		}
	}
	return append(b, args[:]...)
}

// coreFile is a mapped file in NT_FILE.
type coreFile struct {
	start, end uintptr
	page       uint64 // of the file at start
	name       string
}

// coreFiles returns the contents of NT_FILE.
func coreFiles(files []coreFile) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, uint64(len(files)))
	b = le.AppendUint64(b, arch.PageSize)
	for _, f := range files {
		b = le.AppendUint64(b, uint64(f.start))
		b = le.AppendUint64(b, uint64(f.end))
		b = le.AppendUint64(b, f.page)
	}
	for _, f := range files {
		b = append(append(b, f.name...), 0)
	}
	return b
}

// coreProcess is what the notes of a core file tell.
type coreProcess struct {
	sig     int
	info    []byte // siginfo_t
	ps      corePSInfo
	auxv    []byte
	files   []coreFile
	threads []coreThread // the one that died first
}

// notes returns all notes in the order in which Linux writes them, which debuggers
// rely on: a thread's begin with its NT_PRSTATUS.
func (p *coreProcess) notes() (b []byte) {
	for i := range p.threads {
		t := &p.threads[i]
		b = appendNote(b, "CORE", ntPRStatus, t.prstatus(p.sig))
		if i == 0 {
			b = appendNote(b, "CORE", ntPRPSInfo, p.ps.bytes())
			b = appendNote(b, "CORE", ntSigInfo, p.info)
			b = appendNote(b, "CORE", ntAuxv, p.auxv)
			if len(p.files) > 0 {
				b = appendNote(b, "CORE", ntFile, coreFiles(p.files))
			}
		}
		for _, r := range t.more {
			b = appendNote(b, r.name, r.note, r.data)
		}
	}
	return b
}
