package signal

import (
	"syscall"
	"unsafe"

	"onsen/arch/spec"
)

// InfoSize is the size of siginfo_t.
const InfoSize = 128

// infoUsed is how much of a siginfo with a known layout means something.
const infoUsed = spec.SiginfoUsed

// Values of Info.Code, where it does not depend on the signal
// (include/uapi/asm-generic/siginfo.h). A program may send negative ones only.
const (
	SI_USER    int32 = 0    // kill(2)
	SI_KERNEL  int32 = 0x80 // the kernel
	SI_QUEUE   int32 = -1   // sigqueue(3)
	SI_TIMER   int32 = -2   // a timer of timer_create(2)
	SI_MESGQ   int32 = -3
	SI_ASYNCIO int32 = -4
	SI_SIGIO   int32 = -5
	SI_TKILL   int32 = -6 // tkill(2) and tgkill(2)
)

// Values of Info.Code that belong to a signal.
const (
	CLD_EXITED    int32 = 1 // SIGCHLD
	CLD_KILLED    int32 = 2
	CLD_DUMPED    int32 = 3
	CLD_TRAPPED   int32 = 4
	CLD_STOPPED   int32 = 5
	CLD_CONTINUED int32 = 6

	SEGV_MAPERR int32 = 1 // SIGSEGV
	SEGV_ACCERR int32 = 2
	BUS_ADRALN  int32 = 1 // SIGBUS
	BUS_ADRERR  int32 = 2
	SYS_SECCOMP int32 = 1 // SIGSYS
)

// pollCodes is the number of POLL_* codes: a signal that fcntl(2)'s F_SETSIG has
// chosen comes with these.
const pollCodes = 6

// Info is as much of a siginfo_t, byte for byte, as can differ from zero; Linux's
// kernel_siginfo_t. Which fields lie where behind Code depends on signal and code;
// see Layout.
type Info struct {
	Signo, Errno, Code int32
	_                  int32
	fields             [4]uint64
}

// Siginfo is a siginfo_t as a program has it.
type Siginfo struct {
	Info
	_ [InfoSize - infoUsed]byte
}

// Siginfo returns the siginfo as a program sees it.
func (i *Info) Siginfo() Siginfo { return Siginfo{Info: *i} }

// Bytes returns the part of Siginfo that is not always zero.
func (i *Info) Bytes() *[infoUsed]byte { return (*[infoUsed]byte)(unsafe.Pointer(i)) }

// half returns the 32-bit field number n.
func (i *Info) half(n int) *uint32 {
	return (*uint32)(unsafe.Add(unsafe.Pointer(&i.fields), 4*n))
}

// Kernel describes a signal that the kernel sends for a reason of its own.
func Kernel(sig int) (i Info) {
	i.Signo, i.Code = int32(sig), SI_KERNEL
	return i
}

// User describes a signal that a process sends by kill(2).
func User(sig, pid int, uid uint32) (i Info) { return sent(sig, SI_USER, pid, uid) }

// Tkill describes a signal that a process sends to a thread.
func Tkill(sig, pid int, uid uint32) (i Info) { return sent(sig, SI_TKILL, pid, uid) }

func sent(sig int, code int32, pid int, uid uint32) (i Info) {
	i.Signo, i.Code = int32(sig), code
	*i.half(0), *i.half(1) = uint32(pid), uid
	return i
}

// Child describes what happened to a child: code is a CLD_*, and status the exit
// status or the signal. utime and stime are its CPU time in ticks of 10 ms.
func Child(sig int, code int32, pid int, uid uint32, status int, utime, stime int64) (i Info) {
	i = sent(sig, code, pid, uid)
	*i.half(2) = uint32(status)
	i.fields[2], i.fields[3] = uint64(utime), uint64(stime)
	return i
}

// Fault describes a fault of the program at an address.
func Fault(sig int, code int32, addr uintptr) (i Info) {
	i.Signo, i.Code = int32(sig), code
	i.fields[0] = uint64(addr)
	return i
}

// Seccomp describes a system call that is not allowed: which it is, by the numbers
// of its architecture, the program counter behind it, and what the filter says.
func Seccomp(addr uintptr, nr int, arch uint32, reason int) (i Info) {
	i.Signo, i.Errno, i.Code = SIGSYS, int32(reason), SYS_SECCOMP
	i.fields[0] = uint64(addr)
	*i.half(2), *i.half(3) = uint32(nr), arch
	return i
}

// Timer describes the expiry of a timer of timer_create(2).
func Timer(sig, id int, value uint64) (i Info) {
	i.Signo, i.Code = int32(sig), SI_TIMER
	*i.half(0) = uint32(id)
	i.fields[1] = value
	return i
}

// Poll describes what has happened to an open file: code is a POLL_*, and band the
// events of poll(2) that belong to it.
func Poll(sig int, code int32, band int64, fd int) (i Info) {
	i.Signo, i.Code = int32(sig), code
	i.fields[0] = uint64(band)
	*i.half(2) = uint32(fd)
	return i
}

// HasCodes reports whether a signal has codes of its own, which those of other
// sources would be mistaken for. Linux's sig_specific_sicodes.
func HasCodes(sig int) bool {
	switch sig {
	case SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP, SIGCHLD, SIGIO, SIGSYS:
		return true
	}
	return false
}

// Pid returns si_pid and UID si_uid, of what LayoutKill, LayoutRT or LayoutChild
// describe.
func (i *Info) Pid() int { return int(int32(*i.half(0))) }

// UID returns si_uid.
func (i *Info) UID() uint32 { return *i.half(1) }

// Status returns si_status of LayoutChild.
func (i *Info) Status() int32 { return int32(*i.half(2)) }

// Times returns si_utime and si_stime of LayoutChild.
func (i *Info) Times() (utime, stime int64) { return int64(i.fields[2]), int64(i.fields[3]) }

// Addr returns si_addr of LayoutFault.
func (i *Info) Addr() uintptr { return uintptr(i.fields[0]) }

// MapAddr replaces si_addr, if the Info has one, by f of it.
func (i *Info) MapAddr(f func(uintptr) uintptr) {
	if i.Code <= SI_USER {
		return // by far the most
	}
	if l := i.Layout(); l == LayoutFault || l == LayoutMemory {
		i.fields[0] = uint64(f(i.Addr()))
	}
}

// TimerID returns si_timerid of LayoutTimer.
func (i *Info) TimerID() int { return int(int32(*i.half(0))) }

// Overrun returns si_overrun of LayoutTimer.
func (i *Info) Overrun() int32 { return int32(*i.half(1)) }

// SetOverrun sets si_overrun.
func (i *Info) SetOverrun(n int32) { *i.half(1) = uint32(n) }

// Value returns si_value of LayoutTimer and LayoutRT.
func (i *Info) Value() uint64 { return i.fields[1] }

// AddrLSB returns si_addr_lsb of LayoutMemory.
func (i *Info) AddrLSB() uint16 { return uint16(i.fields[1]) }

// Sys returns si_call_addr, si_syscall and si_arch of LayoutSys.
func (i *Info) Sys() (addr uint64, nr int32, arch uint32) {
	return i.fields[0], int32(*i.half(2)), *i.half(3)
}

// Band and FD return si_band and si_fd of LayoutPoll.
func (i *Info) Band() int64 { return int64(i.fields[0]) }

// FD returns si_fd.
func (i *Info) FD() int32 { return int32(*i.half(2)) }

// Layout says which fields an Info has.
type Layout uint8

const (
	LayoutKill   Layout = iota // pid, uid
	LayoutTimer                // timerid, overrun, value
	LayoutPoll                 // band, fd
	LayoutFault                // addr
	LayoutMemory               // addr, addr_lsb: an error of the memory itself
	LayoutChild                // pid, uid, status, utime, stime
	LayoutRT                   // pid, uid, value
	LayoutSys                  // call_addr, syscall, arch
)

// Codes of SIGBUS that tell of errors of the memory.
const (
	busMceerrAR = 4
	busMceerrAO = 5
)

// ownCodes are the signals that have codes of their own: as many, with a layout.
// The numbers are those of Linux 6.1 (NSIGILL and so on).
var ownCodes = [Max + 1]struct {
	n      int32
	layout Layout
}{
	SIGILL:  {11, LayoutFault},
	SIGFPE:  {15, LayoutFault},
	SIGSEGV: {9, LayoutFault},
	SIGBUS:  {5, LayoutFault},
	SIGTRAP: {6, LayoutFault},
	SIGCHLD: {6, LayoutChild},
	SIGIO:   {pollCodes, LayoutPoll},
	SIGSYS:  {2, LayoutSys},
}

// own returns what ownCodes has about the Info's signal.
func (i *Info) own() (n int32, l Layout) {
	if !Valid(int(i.Signo)) {
		return 0, LayoutKill
	}
	o := &ownCodes[i.Signo]
	return o.n, o.layout
}

// Layout returns which fields the Info has; Linux's siginfo_layout.
func (i *Info) Layout() Layout {
	if i.Code > SI_USER && i.Code < SI_KERNEL {
		n, layout := i.own()
		switch {
		case i.Code <= n:
			if i.Signo == SIGBUS && (i.Code == busMceerrAR || i.Code == busMceerrAO) {
				return LayoutMemory
			}
			return layout
		case i.Code <= pollCodes:
			return LayoutPoll // of F_SETSIG
		}
		return LayoutKill
	}
	switch {
	case i.Code == SI_TIMER:
		return LayoutTimer
	case i.Code == SI_SIGIO:
		return LayoutPoll
	case i.Code < 0:
		return LayoutRT
	}
	return LayoutKill
}

// KeepSigno makes Read believe in the number of the signal that it finds.
const KeepSigno = -1 << 31

// Read reads an Info that a program has made, for the signal sig or KeepSigno,
// by a function that fills b with what is at an offset in it. Only what a layout
// has is read, unless the layout is not known: then the rest must be 0, E2BIG.
func Read(sig int, read func(b []byte, at uintptr) error) (i Info, err error) {
	if err := read(i.Bytes()[:], 0); err != nil {
		return i, err
	}
	if sig != KeepSigno {
		i.Signo = int32(sig)
	}
	if i.known() {
		return i, nil
	}
	var rest [InfoSize - infoUsed]byte
	if err := read(rest[:], infoUsed); err != nil {
		return i, err
	}
	if rest != [len(rest)]byte{} {
		return i, syscall.E2BIG
	}
	return i, nil
}

// known reports whether Linux has a layout for the Info's code: its
// known_siginfo_layout.
func (i *Info) known() bool {
	const (
		siDethread = -7
		siAsyncNL  = -60
	)
	switch {
	case i.Code == SI_KERNEL, i.Code == siAsyncNL:
		return true
	case i.Code > SI_USER:
		n, _ := i.own()
		if n == 0 {
			n = pollCodes
		}
		return i.Code <= n
	}
	return i.Code >= siDethread
}

// CheckQueued returns EPERM if a program must not send this Info to others: one
// that looks as if the kernel or kill(2) had made it.
func (i *Info) CheckQueued() error {
	if i.Code >= 0 || i.Code == SI_TKILL {
		return syscall.EPERM
	}
	return nil
}
