package fs

import (
	"math/bits"
	"sync/atomic"
	"syscall"

	"onsen/kernel/spin"
)

// Files is what CLONE_FILES shares: the open files by descriptor; Linux's struct
// files_struct. Descriptors are read without a lock.
//
// Who looks at another task's table, as /proc does, may Share it meanwhile, but
// must not change it.
type Files struct {
	lock spin.Lock
	// table is replaced when it grows. lock; read at any time.
	table atomic.Pointer[fdTable]
	next  int // no lower descriptor is free. lock
	users atomic.Int32
}

// fdTable is the table of a Files. Bit n of open says that descriptor n is
// taken, which it is before it has a file; cloexec is FD_CLOEXEC.
type fdTable struct {
	files         []atomic.Pointer[File]
	open, cloexec []uint64 // Files.lock
}

const (
	// minFds is the size of a new table.
	minFds = 64
	// nrOpen is the default of /proc/sys/fs/nr_open: no table is larger.
	nrOpen = 1 << 20
)

// firstFiles is a Files with a table of the size that most get along with: one
// piece of memory for what fork(2) copies.
type firstFiles struct {
	Files
	first         fdTable
	files         [minFds]atomic.Pointer[File]
	open, cloexec [minFds / 64]uint64
}

// newFiles returns a Files with one user, and a table that it does not have yet.
func newFiles(size int) (*Files, *fdTable) {
	if size > minFds {
		s := new(Files)
		s.users.Store(1)
		return s, newFdTable(size)
	}
	f := new(firstFiles)
	f.users.Store(1)
	f.first = fdTable{f.files[:], f.open[:], f.cloexec[:]}
	return &f.Files, &f.first
}

func newFdTable(n int) *fdTable {
	return &fdTable{
		files:   make([]atomic.Pointer[File], n),
		open:    make([]uint64, n/64),
		cloexec: make([]uint64, n/64),
	}
}

// NewFiles returns an empty table with one user.
func NewFiles() *Files {
	s, t := newFiles(minFds)
	s.table.Store(t)
	return s
}

// Share adds a user.
func (s *Files) Share() { s.users.Add(1) }

// Size returns how many descriptors the table has room for as it is.
func (s *Files) Size() int { return len(s.table.Load().files) }

// Users returns the number of users.
func (s *Files) Users() int { return int(s.users.Load()) }

// Put takes a user away. The last one closes all files, so Put may sleep.
func (s *Files) Put() {
	if s.users.Add(-1) != 0 {
		return
	}
	t := s.table.Load()
	for w, open := range t.open {
		for ; open != 0; open &= open - 1 {
			if f := t.files[w*64+bits.TrailingZeros64(open)].Swap(nil); f != nil {
				f.close(s)
			}
		}
	}
}

// Dup returns a copy for fork(2), with one user: all open files below max, each
// with another reference. Descriptors that are still without a file are free in
// the copy. ENOMEM.
func (s *Files) Dup(max int) (*Files, error) {
	size := s.size(max)
	for {
		n, t := newFiles(size)
		s.lock.Lock()
		if have := s.used(max); have > size {
			s.lock.Unlock()
			size = roundFds(have)
			continue
		}
		from := s.table.Load()
		for w := range min(len(t.open), len(from.open)) {
			for open := from.open[w]; open != 0; open &= open - 1 {
				fd := w*64 + bits.TrailingZeros64(open)
				f := from.files[fd].Load()
				if f == nil || fd >= max {
					continue
				}
				f.Get()
				t.files[fd].Store(f)
				t.open[w] |= open & -open
			}
			t.cloexec[w] = from.cloexec[w] & t.open[w]
		}
		s.lock.Unlock()
		n.table.Store(t)
		return n, nil
	}
}

// size returns how large a table a copy of the files below max needs.
func (s *Files) size(max int) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return roundFds(s.used(max))
}

// used returns one more than the highest descriptor below max that is taken,
// rounded up to a word.
//
// Preconditions: lock held.
func (s *Files) used(max int) int {
	t := s.table.Load()
	for w := min(len(t.open), (max+63)/64) - 1; w >= 0; w-- {
		if t.open[w] != 0 {
			return (w + 1) * 64
		}
	}
	return 0
}

// roundFds returns the size of a table that holds n descriptors.
func roundFds(n int) int {
	size := minFds
	for size < n {
		size *= 2
	}
	return size
}

// Get returns the file of a descriptor with a reference, nil if there is none
// or it is one of O_PATH.
func (s *Files) Get(fd int) *File {
	f := s.GetRaw(fd)
	if f != nil && f.mode&modePath != 0 {
		f.Put()
		return nil
	}
	return f
}

// GetRaw is Get that also returns files of O_PATH.
func (s *Files) GetRaw(fd int) *File {
	for {
		t := s.table.Load()
		if uint(fd) >= uint(len(t.files)) {
			return nil
		}
		f := t.files[fd].Load()
		if f == nil {
			return nil
		}
		if !f.tryGet() {
			continue // closed for good this moment: look again
		}
		if t == s.table.Load() && t.files[fd].Load() == f {
			return f
		}
		f.Put()
	}
}

// Ref is a file in use by a system call, to be given back by Done.
type Ref struct {
	*File
	counted bool
}

// Borrow returns the file of a descriptor for the length of a system call; its
// File is nil if there is none or it is one of O_PATH. If nobody else uses the
// table the file needs no reference: only the caller could close it.
func (s *Files) Borrow(fd int) Ref {
	if s.users.Load() != 1 {
		f := s.Get(fd)
		return Ref{f, f != nil}
	}
	t := s.table.Load()
	if uint(fd) >= uint(len(t.files)) {
		return Ref{}
	}
	f := t.files[fd].Load()
	if f == nil || f.mode&modePath != 0 {
		return Ref{}
	}
	return Ref{f, false}
}

// BorrowRaw is Borrow that also returns files of O_PATH.
func (s *Files) BorrowRaw(fd int) Ref {
	f := s.GetRaw(fd)
	return Ref{f, f != nil}
}

// Done gives a borrowed file back.
func (r Ref) Done() {
	if r.counted {
		r.File.Put()
	}
}

// AllocFd takes the lowest free descriptor from from on. It is to be given a
// file by Install, or back by PutUnused. EMFILE if it would not be below limit,
// the soft RLIMIT_NOFILE.
func (s *Files) AllocFd(from int, limit uint64, cloexec bool) (int, error) {
	limit = min(limit, nrOpen)
	for {
		locked := s.begin()
		fd := s.findFree(from)
		if uint64(fd) >= limit {
			s.end(locked)
			return -1, syscall.EMFILE
		}
		if t := s.table.Load(); fd < len(t.files) {
			t.take(fd, cloexec)
			if from <= s.next {
				s.next = fd + 1
			}
			s.end(locked)
			return fd, nil
		}
		s.end(locked)
		s.grow(fd)
	}
}

// begin takes the lock unless the caller is the only user of the table, whom no
// other can disturb: who looks on from outside only reads. end undoes it.
func (s *Files) begin() (locked bool) {
	if s.users.Load() == 1 {
		return false
	}
	s.lock.Lock()
	return true
}

func (s *Files) end(locked bool) {
	if locked {
		s.lock.Unlock()
	}
}

// findFree returns the lowest free descriptor from from on, which may be
// beyond the table.
//
// Preconditions: lock held.
func (s *Files) findFree(from int) int {
	t := s.table.Load()
	from = max(from, s.next)
	mask := ^uint64(0) << (from % 64)
	for w := from / 64; w < len(t.open); w++ {
		if free := ^t.open[w] & mask; free != 0 {
			return w*64 + bits.TrailingZeros64(free)
		}
		mask = ^uint64(0)
	}
	return max(from, len(t.files))
}

func (t *fdTable) take(fd int, cloexec bool) {
	t.open[fd/64] |= 1 << (fd % 64)
	t.setCloexec(fd, cloexec)
}

func (t *fdTable) setCloexec(fd int, on bool) {
	if on {
		t.cloexec[fd/64] |= 1 << (fd % 64)
	} else {
		t.cloexec[fd/64] &^= 1 << (fd % 64)
	}
}

func (t *fdTable) isOpen(fd int) bool { return t.open[fd/64]>>(fd%64)&1 != 0 }

// grow makes room for a descriptor.
func (s *Files) grow(fd int) {
	n := newFdTable(roundFds(fd + 1)) // not under the lock
	s.lock.Lock()
	defer s.lock.Unlock()
	t := s.table.Load()
	if len(t.files) >= len(n.files) {
		return
	}
	for i := range t.files {
		n.files[i].Store(t.files[i].Load())
	}
	copy(n.open, t.open)
	copy(n.cloexec, t.cloexec)
	s.table.Store(n)
}

// Install gives a descriptor of AllocFd its file, whose reference it takes over.
func (s *Files) Install(fd int, f *File) {
	locked := s.begin()
	s.table.Load().files[fd].Store(f)
	s.end(locked)
}

// PutUnused gives a descriptor of AllocFd back that has no file.
func (s *Files) PutUnused(fd int) {
	s.lock.Lock()
	s.free(fd)
	s.lock.Unlock()
}

// free makes a descriptor free.
//
// Preconditions: lock held.
func (s *Files) free(fd int) {
	t := s.table.Load()
	t.open[fd/64] &^= 1 << (fd % 64)
	t.cloexec[fd/64] &^= 1 << (fd % 64)
	s.next = min(s.next, fd)
}

// Add installs f, whose reference it takes over, under the lowest free
// descriptor from 0 on. On EMFILE the reference is given up.
func (s *Files) Add(f *File, limit uint64, cloexec bool) (int, error) {
	fd, err := s.AllocFd(0, limit, cloexec)
	if err != nil {
		f.Put()
		return -1, err
	}
	s.Install(fd, f)
	return fd, nil
}

// take removes and returns the file of a descriptor, nil if there is none.
func (s *Files) take(fd int) (f *File) {
	locked := s.begin()
	t := s.table.Load()
	if uint(fd) < uint(len(t.files)) {
		if f = t.files[fd].Load(); f != nil {
			t.files[fd].Store(nil)
			s.free(fd)
		}
	}
	s.end(locked)
	return f
}

// Close closes a descriptor: EBADF. The record locks that the table's users hold
// on the file are gone.
func (s *Files) Close(fd int) error {
	f := s.take(fd)
	if f == nil {
		return syscall.EBADF
	}
	return f.close(s)
}

// CloseRange closes all descriptors from first to last, or, with cloexec, marks
// them FD_CLOEXEC.
func (s *Files) CloseRange(first, last uint, cloexec bool) {
	end := min(last, uint(len(s.table.Load().files))-1)
	for fd := first; fd <= end; fd++ {
		if cloexec {
			_ = s.SetCloexec(int(fd), true)
		} else if f := s.take(int(fd)); f != nil {
			_ = f.close(s)
		}
	}
}

// CloseOnExec closes the descriptors with FD_CLOEXEC. The table has one user.
func (s *Files) CloseOnExec() {
	t := s.table.Load()
	for w := range t.cloexec {
		for {
			s.lock.Lock()
			set := s.table.Load().cloexec[w]
			s.lock.Unlock()
			if set == 0 {
				break
			}
			fd := w*64 + bits.TrailingZeros64(set)
			if f := s.take(fd); f != nil {
				_ = f.close(s)
			} else {
				_ = s.clearCloexec(fd)
			}
		}
	}
}

func (s *Files) clearCloexec(fd int) error {
	s.lock.Lock()
	s.table.Load().setCloexec(fd, false)
	s.lock.Unlock()
	return nil
}

// Cloexec reports whether a descriptor has FD_CLOEXEC.
func (s *Files) Cloexec(fd int) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	t := s.table.Load()
	return uint(fd) < uint(len(t.files)) && t.cloexec[fd/64]>>(fd%64)&1 != 0
}

// SetCloexec changes FD_CLOEXEC of a descriptor: EBADF.
func (s *Files) SetCloexec(fd int, on bool) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	t := s.table.Load()
	if uint(fd) >= uint(len(t.files)) || t.files[fd].Load() == nil {
		return syscall.EBADF
	}
	t.setCloexec(fd, on)
	return nil
}

// Dup2 makes fd another descriptor of f, to which it adds a reference; what fd
// was before is closed. EBADF if fd is not below limit, EBUSY if another thread
// is just opening it.
func (s *Files) Dup2(f *File, fd int, limit uint64, cloexec bool) error {
	if fd < 0 || uint64(fd) >= min(limit, nrOpen) {
		return syscall.EBADF
	}
	s.grow(fd)
	s.lock.Lock()
	t := s.table.Load()
	old := t.files[fd].Load()
	if old == nil && t.isOpen(fd) {
		s.lock.Unlock()
		return syscall.EBUSY
	}
	f.Get()
	t.files[fd].Store(f)
	t.take(fd, cloexec)
	s.lock.Unlock()
	if old != nil {
		_ = old.close(s)
	}
	return nil
}

// Walk calls visit for every open file, with a reference during the call, until
// it returns false. Descriptors come in order, from from on.
func (s *Files) Walk(from int, visit func(fd int, f *File) bool) {
	for fd := from; fd < len(s.table.Load().files); fd++ {
		f := s.GetRaw(fd)
		if f == nil {
			continue
		}
		more := visit(fd, f)
		f.Put()
		if !more {
			return
		}
	}
}
