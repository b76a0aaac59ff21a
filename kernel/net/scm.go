package net

import (
	"encoding/binary"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

const (
	// cmsgHdr is the size of struct cmsghdr: length, level and type.
	cmsgHdr = 16
	// scmMaxFd is how many descriptors one message can carry; Linux's SCM_MAX_FD.
	scmMaxFd = 253
	// ucredSize is the size of struct ucred.
	ucredSize = 12
)

// Ucred is struct ucred. The zero Pid is nobody.
type Ucred struct {
	Pid      int32
	UID, GID uint32
}

// NoUcred is what a receiver is told of a sender who is not known: the overflow IDs.
var NoUcred = Ucred{UID: 65534, GID: 65534}

// CurrentUcred returns who the calling task really is.
func CurrentUcred() Ucred {
	c := Context().Cred
	return Ucred{Pid(), c.UID, c.GID}
}

// Scm is what control messages say: the descriptors and credentials that a message
// carries. Linux's struct scm_cookie.
type Scm struct {
	// Files are open files, of which the Scm has a reference each.
	Files []*fs.File
	// Cred is who has sent the message, if HasCred.
	Cred    Ucred
	HasCred bool
}

// Drop gives up the references.
func (s *Scm) Drop() {
	files := s.Files
	s.Files = nil
	for _, f := range files {
		f.Put()
	}
}

// align is Linux's CMSG_ALIGN.
func align(n uint64) uint64 { return (n + 7) &^ 7 }

// eachCmsg calls f for every control message in b, until there is an error: EINVAL
// for one whose length cannot be. What is left and is too short for a header is
// ignored. Linux's for_each_cmsghdr and CMSG_OK.
func eachCmsg(b []byte, f func(level, typ int32, data []byte) error) error {
	for len(b) >= cmsgHdr {
		n := binary.NativeEndian.Uint64(b)
		if n < cmsgHdr || n > uint64(len(b)) {
			return syscall.EINVAL
		}
		level, typ := int32(binary.NativeEndian.Uint32(b[8:])), int32(binary.NativeEndian.Uint32(b[12:]))
		if err := f(level, typ, b[cmsgHdr:n]); err != nil {
			return err
		}
		b = b[min(align(n), uint64(len(b))):]
	}
	return nil
}

// ParseScm reads the control data of a message to be sent. EINVAL for what makes no
// sense, EBADF for a descriptor that is not open, EPERM for credentials that the
// task must not claim, ESRCH for a process that there is not. Without an error the
// caller is to Drop what it returns, or to pass it on. Linux's scm_send.
func ParseScm(control []byte) (Scm, error) {
	var s Scm
	if len(control) < cmsgHdr {
		return s, nil
	}
	err := eachCmsg(control, func(level, typ int32, data []byte) error {
		switch {
		case level != syscall.SOL_SOCKET:
			return nil
		case typ == syscall.SCM_RIGHTS:
			return s.addFiles(data)
		case typ == syscall.SCM_CREDENTIALS:
			return s.setCred(data)
		}
		return syscall.EINVAL
	})
	if err != nil {
		s.Drop()
	}
	return s, err
}

// addFiles does SCM_RIGHTS. Linux's scm_fp_copy.
func (s *Scm) addFiles(data []byte) error {
	n := len(data) / 4
	if len(s.Files)+n > scmMaxFd {
		return syscall.EINVAL
	}
	files := Context().Files
	for i := range n {
		f := files.GetRaw(int(int32(binary.NativeEndian.Uint32(data[4*i:]))))
		if f == nil {
			return syscall.EBADF
		}
		s.Files = append(s.Files, f)
	}
	return nil
}

// setCred does SCM_CREDENTIALS.
func (s *Scm) setCred(data []byte) error {
	if len(data) != ucredSize {
		return syscall.EINVAL
	}
	u := Ucred{
		Pid: int32(binary.NativeEndian.Uint32(data)),
		UID: binary.NativeEndian.Uint32(data[4:]), GID: binary.NativeEndian.Uint32(data[8:]),
	}
	if err := u.check(Context().Cred); err != nil {
		return err
	}
	if u.Pid != Pid() && !PidExists(u.Pid) {
		return syscall.ESRCH
	}
	s.Cred, s.HasCred = u, true
	return nil
}

// check reports whether a task may say that it is u: "The kernel checks the
// credentials [...] A privileged process is allowed to specify values that do not
// match its own" - unix(7). EINVAL for IDs that nobody has, EPERM. Linux's
// scm_check_creds.
func (u Ucred) check(c *cred.Cred) error {
	const nobody = ^uint32(0)
	switch {
	case u.UID == nobody || u.GID == nobody:
		return syscall.EINVAL
	case u.Pid != Pid() && !c.Capable(cred.CAP_SYS_ADMIN),
		u.UID != c.UID && u.UID != c.EUID && u.UID != c.SUID && !c.Capable(cred.CAP_SETUID),
		u.GID != c.GID && u.GID != c.EGID && u.GID != c.SGID && !c.Capable(cred.CAP_SETGID):
		return syscall.EPERM
	}
	return nil
}

// Deliver gives the receiver of a message with m, which is nil if he has asked for
// data alone, what s carries: the credentials if passCred, and descriptors for the
// files. What he has no room for is lost, and he is told MSG_CTRUNC. Linux's
// scm_recv.
func (s *Scm) Deliver(m *Msghdr, passCred bool) {
	defer s.Drop()
	if m == nil {
		return
	}
	if m.control == 0 {
		if passCred || len(s.Files) > 0 {
			m.Flags |= syscall.MSG_CTRUNC
		}
		return
	}
	if passCred {
		c := NoUcred
		if s.HasCred {
			c = s.Cred
		}
		var b [ucredSize]byte
		binary.NativeEndian.PutUint32(b[0:], uint32(c.Pid))
		binary.NativeEndian.PutUint32(b[4:], c.UID)
		binary.NativeEndian.PutUint32(b[8:], c.GID)
		_ = m.PutCmsg(syscall.SOL_SOCKET, syscall.SCM_CREDENTIALS, b[:])
	}
	if len(s.Files) > 0 {
		s.deliverFiles(m)
	}
}

// PutCmsg adds a control message to those that the receiver gets, or a part of it:
// EFAULT. Linux's put_cmsg.
func (m *Msghdr) PutCmsg(level, typ int32, data []byte) error {
	if m.control == 0 || m.controlLen < cmsgHdr {
		m.Flags |= syscall.MSG_CTRUNC
		return nil
	}
	n := uintptr(cmsgHdr + len(data))
	if m.controlLen < n {
		m.Flags |= syscall.MSG_CTRUNC
		n = m.controlLen
	}
	if err := m.putHeader(n, level, typ); err != nil {
		return err
	}
	if _, err := uaccess.CopyToUser(m.control+cmsgHdr, data[:n-cmsgHdr]); err != nil {
		return err
	}
	m.skipControl(uintptr(len(data)))
	return nil
}

func (m *Msghdr) putHeader(n uintptr, level, typ int32) error {
	var b [cmsgHdr]byte
	binary.NativeEndian.PutUint64(b[:], uint64(n))
	binary.NativeEndian.PutUint32(b[8:], uint32(level))
	binary.NativeEndian.PutUint32(b[12:], uint32(typ))
	_, err := uaccess.CopyToUser(m.control, b[:])
	return err
}

// skipControl goes on behind a control message with n bytes of data.
func (m *Msghdr) skipControl(n uintptr) {
	n = min(cmsgHdr+uintptr(align(uint64(n))), m.controlLen)
	m.control += n
	m.controlLen -= n
}

// deliverFiles gives the receiver descriptors, as many as there is room for, and
// still free. Linux's scm_detach_fds.
func (s *Scm) deliverFiles(m *Msghdr) {
	room := 0
	if m.controlLen > cmsgHdr {
		room = int((m.controlLen - cmsgHdr) / 4)
	}
	done := 0
	for done < min(room, len(s.Files)) {
		if receiveFd(s.Files[done], m.control+cmsgHdr+uintptr(4*done), m.Flags&syscall.MSG_CMSG_CLOEXEC != 0) != nil {
			break
		}
		done++
	}
	if done > 0 && m.putHeader(uintptr(cmsgHdr+4*done), syscall.SOL_SOCKET, syscall.SCM_RIGHTS) == nil {
		m.skipControl(uintptr(4 * done))
	}
	if done < len(s.Files) {
		m.Flags |= syscall.MSG_CTRUNC
	}
}

// receiveFd opens a descriptor for a file in the calling task, and stores its number
// at a user address: EMFILE, EFAULT. Linux's receive_fd.
func receiveFd(f *fs.File, addr uintptr, cloexec bool) error {
	files := Context().Files
	fd, err := files.AllocFd(0, MaxFiles(), cloexec)
	if err != nil {
		return err
	}
	if err := uaccess.Put(addr, int32(fd)); err != nil {
		files.PutUnused(fd)
		return err
	}
	f.Get()
	files.Install(fd, f)
	return nil
}
