package kernel

import (
	"bytes"
	"fmt"
	"strconv"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/vm"
)

// This file and its neighbours are /proc: proc(5) says what every file shows.

// procMagic is statfs(2)'s f_type of it.
const procMagic = 0x9fa0

// procSystem is the file system.
var procSystem = &procfs.System{Root: procRoot, Magic: procMagic, Owner: procOwner, Alive: procAlive}

func init() {
	if err := fs.RegisterFilesystem("proc", procSystem.Mount); err != nil {
		die("proc: " + err.Error())
	}
}

// procRoot is the top. Set by init functions, because what shows mounts refers to
// file systems.
var procRoot = &procfs.Dir{Find: findProcess, List: listProcesses}

func init() { procRoot.Entries = procSystemFiles }

// procKey is what the files of a process or a thread are about.
type procKey struct {
	pid *Pid
	// whole says that it is about the process and not only about the thread
	// that leads it.
	whole bool
}

// task returns the thread, that of a process being its leader, or nil if it has
// gone.
func (k procKey) task() *Task {
	if k.whole {
		return k.pid.Task(PIDTYPE_TGID)
	}
	return k.pid.Task(PIDTYPE_PID)
}

// keyTask is task of a key as procfs hands it over, or ESRCH.
func keyTask(key any) (*Task, error) {
	if t := key.(procKeyer).task(); t != nil {
		return t, nil
	}
	return nil, syscall.ESRCH
}

// procKeyer is procKey, or something that has one, such as a descriptor's key.
type procKeyer interface{ task() *Task }

func procAlive(key any) bool { return key.(procKeyer).task() != nil }

// procOwner gives the files of a process to the user that it runs as, unless
// its memory is not to be looked at.
func procOwner(key any) (uid, gid uint32) {
	t := key.(procKeyer).task()
	if t == nil {
		return 0, 0
	}
	if !isDumpable(t) {
		return 0, 0
	}
	c := t.Cred()
	return c.EUID, c.EGID
}

var (
	processEntry = &procfs.Entry{Perm: 0o555, Dir: &procfs.Dir{}}
	threadEntry  = &procfs.Entry{Perm: 0o555, Dir: &procfs.Dir{}}
)

func init() {
	processEntry.Dir.Entries = append([]procfs.Entry{
		{Name: "task", Perm: 0o555, Dir: &procfs.Dir{Find: findThread, List: listThreads}},
		{Name: "coredump_filter", Perm: 0o644, Show: showMM(showCoredumpFilter), Write: writeCoredumpFilter},
		{Name: "timerslack_ns", Perm: 0o666, Seq: true, Show: showTask(showTimerslack), Write: writeTimerslack},
	}, procTaskFiles...)
	threadEntry.Dir.Entries = append([]procfs.Entry{
		{Name: "children", Perm: 0o444, Show: showTask(showChildren)},
	}, procTaskFiles...)
}

// procNumber returns the number that a name is: ENOENT if it is none, or is
// written with zeros in front.
func procNumber(name string) (int, error) {
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || strconv.Itoa(n) != name {
		return 0, syscall.ENOENT
	}
	return n, nil
}

func findProcess(_ any, name string) (*procfs.Entry, any, error) {
	n, err := procNumber(name)
	if err != nil {
		return nil, nil, err
	}
	// A thread that is not listed is found all the same.
	p := FindPid(n)
	if p == nil {
		return nil, nil, syscall.ENOENT
	}
	if p.Task(PIDTYPE_TGID) == nil {
		t := p.Task(PIDTYPE_PID)
		if t == nil {
			return nil, nil, syscall.ENOENT
		}
		return processEntry, procKey{pid: p}, nil
	}
	return processEntry, procKey{p, true}, nil
}

func listProcesses(_ any, from int64, emit func(int64, string, uint32) bool) error {
	for t := NextProcess(int(from)); t != nil; t = NextProcess(t.Pid + 1) {
		if !emit(int64(t.Pid), strconv.Itoa(t.Pid), syscall.S_IFDIR) {
			break
		}
	}
	return nil
}

func findThread(key any, name string) (*procfs.Entry, any, error) {
	n, err := procNumber(name)
	if err != nil {
		return nil, nil, err
	}
	leader, err := keyTask(key)
	if err != nil {
		return nil, nil, syscall.ENOENT
	}
	p := FindPid(n)
	if p == nil {
		return nil, nil, syscall.ENOENT
	}
	if t := p.Task(PIDTYPE_PID); t == nil || t.Tgid != leader.Tgid {
		return nil, nil, syscall.ENOENT
	}
	return threadEntry, procKey{pid: p}, nil
}

// listThreads numbers the threads by their PIDs.
func listThreads(key any, from int64, emit func(int64, string, uint32) bool) error {
	leader, err := keyTask(key)
	if err != nil {
		return syscall.ENOENT
	}
	for _, pid := range threadPids(leader) {
		if int64(pid) >= from && !emit(int64(pid), strconv.Itoa(pid), syscall.S_IFDIR) {
			break
		}
	}
	return nil
}

// procMayRead returns EACCES if somebody with credentials c may not look into t's
// memory; Linux's ptrace_may_access with PTRACE_MODE_READ_FSCREDS.
func procMayRead(c *cred.Cred, t *Task) error {
	if credMayAccess(Current(), c, t, accessReadFS) != nil {
		return syscall.EACCES
	}
	return nil
}

// openReadable is the Open of entries that need procMayRead.
func openReadable(key any, c *cred.Cred) error {
	t, err := keyTask(key)
	if err != nil {
		return err
	}
	return procMayRead(c, t)
}

// showTask makes an entry's Show of a function about a task.
func showTask(f func(t *Task, w *bytes.Buffer) error) func(any, *bytes.Buffer) error {
	return func(key any, w *bytes.Buffer) error {
		t, err := keyTask(key)
		if err != nil {
			return err
		}
		return f(t, w)
	}
}

// showMM makes an entry's Show of a function about a task's memory. Of a task
// without memory the file is empty.
func showMM(f func(m *vm.MM, w *bytes.Buffer) error) func(any, *bytes.Buffer) error {
	return func(key any, w *bytes.Buffer) error {
		m, err := keyMM(key)
		if m == nil {
			return err
		}
		defer m.Put()
		return f(m, w)
	}
}

// keyMM returns the memory of the task that an entry is about with one more use,
// nil if it has none: ESRCH.
func keyMM(key any) (*vm.MM, error) {
	t, err := keyTask(key)
	if err != nil {
		return nil, err
	}
	return getTaskMM(t), nil
}

// mustKeyMM is keyMM, but a task without memory is ESRCH, too.
func mustKeyMM(key any) (*vm.MM, error) {
	m, err := keyMM(key)
	if m == nil && err == nil {
		err = syscall.ESRCH
	}
	return m, err
}

// procText makes a Show of a function that returns the contents.
func procText(f func() string) func(any, *bytes.Buffer) error {
	return func(_ any, w *bytes.Buffer) error {
		w.WriteString(f())
		return nil
	}
}

// procFormat makes a Show that prints values with a format.
func procFormat(format string, values ...any) func(any, *bytes.Buffer) error {
	return func(_ any, w *bytes.Buffer) error {
		fmt.Fprintf(w, format, values...)
		return nil
	}
}
