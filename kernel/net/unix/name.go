package unix

import (
	"bytes"
	"encoding/binary"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/random"
	"onsen/kernel/sched"
)

const (
	// pathOffset is where the name begins in struct sockaddr_un, and sockaddrUn the
	// size of that.
	pathOffset = 2
	sockaddrUn = pathOffset + 108
)

// address is the name of a socket: a path, or, if it begins with a NUL, which belongs
// to it, an abstract name. Constant.
type address struct{ name string }

func (a *address) abstract() bool { return a.name[0] == 0 }

// sockaddr returns the name as programs see it: a path with the NUL behind it. A nil
// address is only a family.
func (a *address) sockaddr() []byte {
	b := binary.NativeEndian.AppendUint16(make([]byte, 0, sockaddrUn+1), syscall.AF_UNIX)
	if a == nil {
		return b
	}
	b = append(b, a.name...)
	if !a.abstract() {
		b = append(b, 0)
	}
	return b
}

// parse reads a sockaddr_un: EINVAL if it has another size or family. A path ends
// before its first NUL or at the end of the address. Linux's unix_validate_addr and
// unix_mkname_bsd.
func parse(b []byte) (*address, error) {
	if len(b) <= pathOffset || len(b) > sockaddrUn || family(b) != syscall.AF_UNIX {
		return nil, syscall.EINVAL
	}
	name := b[pathOffset:]
	if name[0] != 0 {
		if end := bytes.IndexByte(name, 0); end >= 0 {
			name = name[:end]
		}
	}
	return &address{string(name)}, nil
}

func family(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }

// abstractName is an abstract name, of which there is one for each type of socket.
type abstractName struct {
	typ  int
	name string
}

// nameTable is who has which name.
type nameTable struct {
	lock     sched.Mutex
	abstract map[abstractName]*Sock
	files    map[*fs.Inode]*Sock
}

var names = nameTable{abstract: map[abstractName]*Sock{}, files: map[*fs.Inode]*Sock{}}

// addAbstract gives s an abstract name: false if another one has it.
func (t *nameTable) addAbstract(s *Sock, a *address) bool {
	key := abstractName{s.Type, a.name}
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.abstract[key] != nil {
		return false
	}
	t.abstract[key] = s
	s.addr.Store(a)
	return true
}

// addFile gives s the name of a file, whose place it keeps.
func (t *nameTable) addFile(s *Sock, a *address, p fs.Path) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.files[p.Inode()] = s
	s.path = p
	s.addr.Store(a)
}

// remove takes the name of a socket out, which it still tells its peer.
func (t *nameTable) remove(s *Sock) {
	a := s.addr.Load()
	if a == nil {
		return
	}
	t.lock.Lock()
	path := s.path
	if key := (abstractName{s.Type, a.name}); a.abstract() && t.abstract[key] == s {
		delete(t.abstract, key)
	}
	if !path.IsZero() && t.files[path.Inode()] == s {
		delete(t.files, path.Inode())
	}
	s.path = fs.Path{}
	t.lock.Unlock()
	if !path.IsZero() {
		path.Put()
	}
}

// find returns the socket of a name: ECONNREFUSED if nobody has it; EPROTOTYPE if it
// is of another type than typ; what looking for the file gives, which one must be
// allowed to write. Linux's unix_find_other.
func (t *nameTable) find(a *address, typ int) (*Sock, error) {
	if a.abstract() {
		t.lock.Lock()
		s := t.abstract[abstractName{typ, a.name}]
		t.lock.Unlock()
		if s == nil {
			return nil, syscall.ECONNREFUSED
		}
		return s, nil
	}
	ctx := context()
	p, err := fs.Lookup(ctx, fs.AtFdcwd, a.name, fs.LookupFollow)
	if err != nil {
		return nil, err
	}
	i := p.Inode()
	if err := fs.Permission(ctx.Cred, i, fs.MayWrite); err != nil {
		return nil, err
	}
	t.lock.Lock()
	s := t.files[i]
	t.lock.Unlock()
	switch {
	case s == nil || i.Mode()&syscall.S_IFMT != syscall.S_IFSOCK:
		return nil, syscall.ECONNREFUSED
	case s.Type != typ:
		return nil, syscall.EPROTOTYPE
	}
	return s, nil
}

// Bind implements net.ProtoOps. Linux's unix_bind.
func (s *Sock) Bind(b []byte) error {
	if len(b) == pathOffset && family(b) == syscall.AF_UNIX {
		return s.autobind()
	}
	a, err := parse(b)
	if err != nil {
		return err
	}
	if a.abstract() {
		return s.bindAbstract(a)
	}
	return s.bindFile(a)
}

// bindAbstract gives the socket an abstract name: EINVAL if it has one, EADDRINUSE if
// another has this.
func (s *Sock) bindAbstract(a *address) error {
	if err := s.lockBind(); err != nil {
		return err
	}
	defer s.bindLock.Unlock()
	switch {
	case s.addr.Load() != nil:
		return syscall.EINVAL
	case !names.addAbstract(s, a):
		return syscall.EADDRINUSE
	}
	return nil
}

func (s *Sock) lockBind() error {
	if s.bindLock.LockInterruptible() != nil {
		return syscall.EINTR
	}
	return nil
}

// bindFile makes a file and gives the socket its name: EADDRINUSE if there is one,
// EINVAL if the socket has a name. The permissions of the file are those of the
// socket, less the umask.
func (s *Sock) bindFile(a *address) error {
	ctx, mode := context(), uint32(0o777)
	if socket := s.Socket(); socket != nil {
		mode = socket.File.Inode.Mode() & 0o7777
	}
	p, err := fs.MakeSocket(ctx, a.name, mode)
	if err == syscall.EEXIST {
		return syscall.EADDRINUSE
	}
	if err != nil {
		return err
	}
	if err = s.lockBind(); err == nil {
		if s.addr.Load() != nil {
			err = syscall.EINVAL
		} else {
			names.addFile(s, a, p)
		}
		s.bindLock.Unlock()
	}
	if err != nil {
		_ = fs.Unlink(ctx, fs.AtFdcwd, a.name)
		p.Put()
	}
	return err
}

// autobindNames is how many names there are for autobind.
const autobindNames = 1 << 20

// autobind gives the socket an abstract name of five digits that nobody has, unless it
// has one: "a null byte followed by 5 bytes in the character set [0-9a-f]" - unix(7).
// ENOSPC.
func (s *Sock) autobind() error {
	if err := s.lockBind(); err != nil {
		return err
	}
	defer s.bindLock.Unlock()
	if s.addr.Load() != nil {
		return nil
	}
	var b [4]byte
	random.Read(b[:])
	n := binary.NativeEndian.Uint32(b[:])
	for range autobindNames {
		n++
		if names.addAbstract(s, &address{autobindName(n)}) {
			return nil
		}
		sched.CondResched()
	}
	return syscall.ENOSPC
}

func autobindName(n uint32) string {
	const digits = "0123456789abcdef"
	name := make([]byte, 6)
	for i := range 5 {
		name[5-i] = digits[n>>(4*i)&15]
	}
	return string(name)
}

// wantName gives a socket that passes credentials a name, if it has none, for others
// to answer.
func (s *Sock) wantName() error {
	if s.addr.Load() != nil || !s.PassCred() {
		return nil
	}
	return s.autobind()
}
