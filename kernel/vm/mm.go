package vm

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// MM is the memory of a program; Linux's struct mm_struct. Threads share one.
type MM struct {
	ctx   arch.MMContext
	users atomic.Int32

	// lock protects the areas and page tables; see the package comment.
	lock sched.RWSem
	// root is the tree of areas, first and last the ends of their list. lock.
	root, first, last *Area
	count             int // areas. lock
	// cache is the area found last, or nil. Areas leave it when they go.
	cache atomic.Pointer[Area]

	mmapBase uintptr // mappings are placed below it. lock
	defFlags Flags   // of mlockall(MCL_FUTURE). lock

	// Sizes in pages of all areas, of private writable ones, of executable ones,
	// of stacks, and of locked ones. Written under lock.
	total, data, exec, stack, locked atomic.Int64
	// Pages present: of anonymous areas, of areas of files, of shared memory.
	rss [3]atomic.Int64
	// tables is the number of pages in page tables, hiwater the most pages that
	// were ever present, as far as somebody has looked.
	tables, hiwater atomic.Int64

	hot hotPages // see hot.go

	// Membarrier is what membarrier(2) was told of the program. Any task of it may
	// set bits.
	Membarrier atomic.Uint32

	// ArgLock protects what follows.
	ArgLock spin.Lock
	// Where exec(2) put the parts of the program. StartBrk and Brk are also
	// written under lock.
	StartCode, EndCode, StartData, EndData uintptr
	StartBrk, Brk, StartStack              uintptr
	ArgStart, ArgEnd, EnvStart, EnvEnd     uintptr
	// VDSO is where the vDSO's image is mapped, or 0. Also written under lock, when
	// mremap(2) moves it; only tasks that use the memory read it.
	VDSO atomic.Uintptr
	// Auxv is the auxiliary vector, as pairs.
	Auxv []uint64
	// exeFile is the program's file, with a reference, or nil.
	exeFile File

	execState
}

// The kinds of pages that are counted.
const (
	rssAnon = iota
	rssFile
	rssShmem
)

// NewMM returns the memory of a new program, with nothing in it and one user.
// ENOMEM.
func NewMM() (*MM, error) {
	m := &MM{mmapBase: MmapBase(0, 0, 0)}
	if m.ctx.PgdInit(m.allocTable) != nil {
		return nil, syscall.ENOMEM
	}
	m.users.Store(1)
	return m, nil
}

// Get adds a user. The caller is one, or knows that there is one.
func (m *MM) Get() { m.users.Add(1) }

// TryGet adds a user unless the last one has gone.
func (m *MM) TryGet() bool {
	for {
		n := m.users.Load()
		if n == 0 {
			return false
		}
		if m.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Put takes a user away. The last one frees everything, so Put may sleep.
func (m *MM) Put() {
	if m.users.Add(-1) == 0 {
		m.exit()
	}
}

// Users returns the number of users: those of the processes and threads that
// run in it, and of those who are just looking.
func (m *MM) Users() int { return int(m.users.Load()) }

// Context returns what arch.SwitchMM loads.
func (m *MM) Context() *arch.MMContext { return &m.ctx }

// id orders address spaces.
func (m *MM) id() uintptr { return uintptr(unsafe.Pointer(m)) }

// SetMmapBase sets the address below which mappings are placed.
func (m *MM) SetMmapBase(base uintptr) {
	m.lock.Lock()
	m.mmapBase = base &^ pageMask
	m.lock.Unlock()
}

// SetExeFile sets the file that /proc/PID/exe shows. It takes a reference of its
// own.
func (m *MM) SetExeFile(f File) {
	if f != nil {
		f.Get()
	}
	m.ArgLock.Lock()
	old := m.exeFile
	m.exeFile = f
	m.ArgLock.Unlock()
	if old != nil {
		old.Put()
	}
}

// ExeFile returns the program's file with a reference, or nil.
func (m *MM) ExeFile() File {
	m.ArgLock.Lock()
	defer m.ArgLock.Unlock()
	if m.exeFile != nil {
		m.exeFile.Get()
	}
	return m.exeFile
}

// Walk calls visit for every area, lowest first, until it returns false. The
// areas must not be kept or changed, nor may visit touch user memory of m.
func (m *MM) Walk(visit func(*Area) bool) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	for a := m.first; a != nil; a = a.next {
		if !visit(a) {
			return
		}
	}
}

// Stats are sizes in pages, for /proc/PID.
type Stats struct {
	Total, Data, Exec, Stack, Locked int
	// Anon, File and Shmem pages are present.
	Anon, File, Shmem int
	// Tables are the pages of page tables.
	Tables int
	// Peak is the most pages that were present.
	Peak int
	// Areas is the number of areas.
	Areas int
}

// Stats returns the present sizes.
func (m *MM) Stats() Stats {
	s := Stats{
		Total: int(m.total.Load()), Data: int(m.data.Load()), Exec: int(m.exec.Load()),
		Stack: int(m.stack.Load()), Locked: int(m.locked.Load()),
		Anon: m.present(rssAnon), File: m.present(rssFile), Shmem: m.present(rssShmem),
		Tables: int(m.tables.Load()),
	}
	m.notePeak()
	s.Peak = int(m.hiwater.Load())
	m.lock.RLock()
	s.Areas = m.count
	m.lock.RUnlock()
	return s
}

func (m *MM) present(kind int) int { return int(max(0, m.rss[kind].Load())) }

// RSS returns the number of pages present.
func (m *MM) RSS() int { return m.present(rssAnon) + m.present(rssFile) + m.present(rssShmem) }

// Tables returns the number of pages in page tables.
func (m *MM) Tables() int { return int(m.tables.Load()) }

// Peak returns the most pages that were ever present, as far as somebody has looked.
func (m *MM) Peak() int {
	m.notePeak()
	return int(m.hiwater.Load())
}

// notePeak keeps the largest RSS. It is called before pages go.
func (m *MM) notePeak() {
	if n := int64(m.RSS()); n > m.hiwater.Load() {
		m.hiwater.Store(n)
	}
}

// kind returns how the pages of the area are counted. Copies of a file's pages
// count with the file.
func (a *Area) kind() int {
	switch {
	case a.Object == nil:
		return rssAnon
	case a.File == nil && a.Flags&VM_SHARED != 0:
		return rssShmem
	}
	return rssFile
}

// account adds an area's pages to the sizes; n is negative when they go.
//
// Preconditions: lock held for writing.
func (m *MM) account(f Flags, n int) {
	m.total.Add(int64(n))
	if f&VM_LOCKED != 0 {
		m.locked.Add(int64(n))
	}
	switch {
	case isExec(f):
		m.exec.Add(int64(n))
	case f&VM_GROWSDOWN != 0:
		m.stack.Add(int64(n))
	case isData(f):
		m.data.Add(int64(n))
	}
}

func isExec(f Flags) bool { return f&(VM_EXEC|VM_WRITE|VM_GROWSDOWN) == VM_EXEC }

func isData(f Flags) bool { return f&(VM_WRITE|VM_SHARED|VM_GROWSDOWN) == VM_WRITE }
