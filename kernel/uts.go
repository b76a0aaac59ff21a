package kernel

import (
	"bytes"
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Version is the kernel's own version, in its first line and in uname(2).
const Version = "0.1.0"

const (
	// utsRelease is what uname(2) and /proc/sys/kernel/osrelease say. Programs
	// look at the numbers in front to find out what the kernel can do: the C
	// library refuses to run on one that is too old, Go's and others' run-time
	// systems choose system calls by them. So they are those of the Linux whose
	// behaviour is offered.
	utsRelease = "6.1.0-onsen"
	// utsVersion says which build of the kernel this is.
	utsVersion = "#1 SMP Onsen " + Version
	// utsLen is the length of each string of struct new_utsname without its
	// NUL; __NEW_UTS_LEN.
	utsLen = 64
)

// uts are the names of the machine, which can be changed.
var uts struct {
	lock             sched.RWSem
	nodename, domain string // lock
}

func init() { uts.nodename, uts.domain = "(none)", "(none)" }

// newUtsname is struct new_utsname.
type newUtsname struct {
	Sysname, Nodename, Release, Version, Machine, Domainname [utsLen + 1]byte
}

// sysUname is uname(2).
func sysUname(_ *Task, a *SyscallArgs) (uintptr, error) {
	var u newUtsname
	copy(u.Sysname[:utsLen], "Linux")
	copy(u.Release[:utsLen], utsRelease)
	copy(u.Version[:utsLen], utsVersion)
	copy(u.Machine[:utsLen], arch.Platform())
	copy(u.Nodename[:utsLen], Hostname())
	copy(u.Domainname[:utsLen], Domainname())
	return 0, uaccess.Put(a[0], u)
}

// Hostname returns the machine's name.
func Hostname() string {
	uts.lock.RLock()
	defer uts.lock.RUnlock()
	return uts.nodename
}

// Domainname returns its NIS domain name.
func Domainname() string {
	uts.lock.RLock()
	defer uts.lock.RUnlock()
	return uts.domain
}

// setUtsName changes one of the names, cut to what fits.
func setUtsName(name *string, to string) {
	uts.lock.Lock()
	defer uts.lock.Unlock()
	*name = to[:min(len(to), utsLen)]
}

// sysSethostname is sethostname(2).
func sysSethostname(_ *Task, a *SyscallArgs) (uintptr, error) { return setName(&uts.nodename, a) }

// sysSetdomainname is setdomainname(2).
func sysSetdomainname(_ *Task, a *SyscallArgs) (uintptr, error) { return setName(&uts.domain, a) }

func setName(name *string, a *SyscallArgs) (uintptr, error) {
	if !Capable(cred.CAP_SYS_ADMIN) {
		return 0, syscall.EPERM
	}
	n := int(int32(a[1]))
	if n < 0 || n > utsLen {
		return 0, syscall.EINVAL
	}
	buf := make([]byte, n)
	if _, err := uaccess.CopyFromUser(buf, a[0]); err != nil {
		return 0, err
	}
	setUtsName(name, cString(buf))
	return 0, nil
}

// cString returns b up to its first NUL.
func cString(b []byte) string {
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		b = b[:nul]
	}
	return string(b)
}
