//go:build !metal

package net

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/uaccess"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

// caller is the task that the tests run as: its process is 7, its user 1000, and 0 to
// 2 are open.
func caller(t testing.TB) *fs.Files {
	files := fs.NewFiles()
	for range 3 {
		f := fs.NewAnonFile("test", fs.NoOps{}, nil, syscall.O_RDWR)
		if _, err := files.Add(f, 100, false); err != nil {
			t.Fatal(err)
		}
	}
	c := &cred.Cred{UID: 1000, EUID: 1001, SUID: 1002, GID: 100, EGID: 101, SGID: 102}
	Context = func() *fs.Context { return &fs.Context{Cred: c, Files: files} }
	Pid = func() int32 { return 7 }
	PidExists = func(pid int32) bool { return pid == 7 || pid == 8 }
	return files
}

// cmsg returns a control message of a length, -1 for the right one.
func cmsg(length int, level, typ int32, words ...uint32) []byte {
	if length < 0 {
		length = cmsgHdr + 4*len(words)
	}
	b := binary.NativeEndian.AppendUint64(nil, uint64(length))
	b = binary.NativeEndian.AppendUint32(b, uint32(level))
	b = binary.NativeEndian.AppendUint32(b, uint32(typ))
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestParseScm(t *testing.T) {
	caller(t)
	const sol, rights, creds = syscall.SOL_SOCKET, syscall.SCM_RIGHTS, syscall.SCM_CREDENTIALS
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	for _, c := range []struct {
		name  string
		b     []byte
		files int
		cred  bool
		err   error
	}{
		{"nothing", nil, 0, false, nil},
		{"too short to be one", make([]byte, 15), 0, false, nil},
		{"files", cmsg(-1, sol, rights, 0, 1), 2, false, nil},
		{"two messages", join(cmsg(-1, sol, rights, 0), cmsg(-1, sol, rights, 1, 2)), 3, false, nil},
		{"half a descriptor", cmsg(22, sol, rights, 0, 1), 1, false, nil},
		{"no such file", cmsg(-1, sol, rights, 0, 9), 0, false, syscall.EBADF},
		{"shorter than a header", cmsg(15, sol, rights, 0), 0, false, syscall.EINVAL},
		{"longer than there is", cmsg(25, sol, rights, 0), 0, false, syscall.EINVAL},
		{"huge", cmsg(1<<62, sol, rights, 0), 0, false, syscall.EINVAL},
		{"another level", cmsg(-1, 6, 77, 9), 0, false, nil},
		{"another type", cmsg(-1, sol, 77, 9), 0, false, syscall.EINVAL},
		{"254 files", cmsg(-1, sol, rights, make([]uint32, 254)...), 0, false, syscall.EINVAL},
		{"253 files", cmsg(-1, sol, rights, make([]uint32, 253)...), 253, false, nil},
		{"real user", cmsg(-1, sol, creds, 7, 1000, 100), 0, true, nil},
		{"saved user", cmsg(-1, sol, creds, 7, 1002, 102), 0, true, nil},
		{"another user", cmsg(-1, sol, creds, 7, 1003, 100), 0, false, syscall.EPERM},
		{"another group", cmsg(-1, sol, creds, 7, 1000, 103), 0, false, syscall.EPERM},
		{"another process", cmsg(-1, sol, creds, 8, 1000, 100), 0, false, syscall.EPERM},
		{"nobody", cmsg(-1, sol, creds, 7, ^uint32(0), 100), 0, false, syscall.EINVAL},
		{"short credentials", cmsg(-1, sol, creds, 7, 1000), 0, false, syscall.EINVAL},
		{"files are given back", join(cmsg(-1, sol, rights, 0), cmsg(-1, sol, 77)), 0, false, syscall.EINVAL},
	} {
		s, err := ParseScm(c.b)
		if err != c.err || len(s.Files) != c.files || s.HasCred != c.cred {
			t.Errorf("%s: %d files, credentials %v, %v", c.name, len(s.Files), s.HasCred, err)
		}
		s.Drop()
		for fd := range 3 {
			if f := Context().Files.BorrowRaw(fd); f.Refs() != 2 {
				t.Errorf("%s: %d references to file %d", c.name, f.Refs()-1, fd)
			} else {
				f.Done()
			}
		}
	}
}

// FuzzParseScm: whatever the control data is, it is understood or refused by a known
// error, and no reference is lost or given up twice.
func FuzzParseScm(f *testing.F) {
	f.Add(cmsg(-1, syscall.SOL_SOCKET, syscall.SCM_RIGHTS, 0, 1, 2))
	f.Add(cmsg(-1, syscall.SOL_SOCKET, syscall.SCM_CREDENTIALS, 7, 1000, 100))
	f.Add(append(cmsg(17, 1, 1, 0), cmsg(24, 1, 2, 7)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		files := caller(t)
		s, err := ParseScm(b)
		switch err {
		case nil, syscall.EINVAL, syscall.EBADF, syscall.EPERM, syscall.ESRCH:
		default:
			t.Fatal(err)
		}
		if len(s.Files) > scmMaxFd || err != nil && s.Files != nil {
			t.Fatalf("%d files, %v", len(s.Files), err)
		}
		s.Drop()
		for fd := range 3 {
			ref := files.BorrowRaw(fd)
			if ref.Refs() != 2 {
				t.Fatalf("%d references", ref.Refs()-1)
			}
			ref.Done()
		}
	})
}

// FuzzMsghdr: whatever a program has for a msghdr, what is made of it is within the
// limits, or there is a known error. The addresses lead to memory that can be read, or
// beyond what a program has.
func FuzzMsghdr(f *testing.F) {
	f.Add(make([]byte, unsafe.Sizeof(UserMsghdr{})))
	memory := make([]byte, 1<<16)
	address := func(a *uintptr) {
		if *a&1 != 0 {
			*a = uintptr(unsafe.Pointer(&memory[0]))
		} else {
			*a = arch.TaskSize
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var u UserMsghdr
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&u)), unsafe.Sizeof(u)), b)
		if u.Name != 0 {
			address(&u.Name)
		}
		address(&u.Iov)
		address(&u.Control)
		for _, call := range []func(*UserMsghdr) (*Msghdr, uaccess.Iter, error){
			(*UserMsghdr).Send,
			func(u *UserMsghdr) (*Msghdr, uaccess.Iter, error) { return u.Receive(^0) },
		} {
			v := u
			m, it, err := call(&v)
			switch err {
			case nil, syscall.EINVAL, syscall.EFAULT, syscall.EMSGSIZE, syscall.ENOBUFS:
			default:
				t.Fatal(err)
			}
			if err == nil && (len(m.Name) > MaxAddr || len(m.Control) > optmemMax || it.Len() < 0) {
				t.Fatalf("%+v gives a name of %d and control of %d bytes", u, len(m.Name), len(m.Control))
			}
		}
	})
}
