package kernel

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/kstrtox"
	"onsen/kernel/net/unix"
	"onsen/kernel/sched"
)

// procTaskFiles are the files about a process and about each of its threads.
var procTaskFiles = []procfs.Entry{
	{Name: "fd", Perm: 0o500, Dir: &procfs.Dir{Find: findFd(fdLinkEntry), List: listFds, Perm: fdPermission}},
	{Name: "fdinfo", Perm: 0o555, Dir: &procfs.Dir{Find: findFd(fdInfoEntry), List: listFds, Perm: fdPermission}},
	{Name: "net", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
		{Name: "unix", Perm: 0o444, Show: func(_ any, w *bytes.Buffer) error { unix.Show(w); return nil }},
	}}},
	{Name: "environ", Perm: 0o400, Open: openReadable, Show: showMM(showEnviron)},
	{Name: "auxv", Perm: 0o400, Open: openReadable, Show: showMM(showAuxv)},
	{Name: "status", Perm: 0o444, Show: showTask(showStatus)},
	{Name: "personality", Perm: 0o400, Open: openReadable, Show: showTask(showPersonality)},
	{Name: "limits", Perm: 0o444, Show: showTask(showLimits)},
	{Name: "comm", Perm: 0o644, Seq: true, Show: showTask(showComm), Write: writeComm},
	{Name: "cmdline", Perm: 0o444, Show: showMM(showCmdline)},
	{Name: "stat", Perm: 0o444, Show: showStat},
	{Name: "statm", Perm: 0o444, Show: showTask(showStatm)},
	{Name: "mem", Perm: 0o600, Ops: memOps{}, Attach: attachMem},
	{Name: "maps", Perm: 0o444, Open: openReadable, Show: showMM(showMaps)},
	{Name: "smaps", Perm: 0o444, Open: openReadable, Show: showMM(showSmaps)},
	{Name: "smaps_rollup", Perm: 0o444, Open: openReadable, Show: showSmapsRollup},
	{Name: "syscall", Perm: 0o400, Show: showTask(showSyscall)},
	{Name: "cwd", Link: taskLink(func(f *fs.FsStruct) fs.Path { return f.Pwd() })},
	{Name: "root", Link: taskLink(func(f *fs.FsStruct) fs.Path { return f.Root() })},
	{Name: "exe", Link: exeLink},
	{Name: "mounts", Perm: 0o444, Show: showTask(showMounts)},
	{Name: "mountinfo", Perm: 0o444, Show: showTask(showMountinfo)},
	{Name: "wchan", Perm: 0o444, Show: procFormat("0")},
	{Name: "oom_score", Perm: 0o444, Show: showTask(showOomScore)},
	{Name: "oom_score_adj", Perm: 0o644, Show: showTask(showOomScoreAdj), Write: writeOomScoreAdj},
	{Name: "io", Perm: 0o400, Open: openReadable, Show: showTask(showIO)},
}

func showComm(t *Task, w *bytes.Buffer) error {
	w.WriteString(t.Name() + "\n")
	return nil
}

// writeComm names a thread of the writer's own process.
func writeComm(key any, w *procfs.Write) (int, error) {
	t, err := keyTask(key)
	if err != nil {
		return 0, err
	}
	if t.signal != Current().signal {
		return 0, syscall.EINVAL
	}
	t.SetName(cString(w.Text))
	return w.Len, nil
}

func showPersonality(t *Task, w *bytes.Buffer) error {
	fmt.Fprintf(w, "%08x\n", t.personality.Load())
	return nil
}

func showTimerslack(t *Task, w *bytes.Buffer) error {
	if err := maySlacken(t, Current().Cred()); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d\n", t.timerSlack.Load())
	return nil
}

func writeTimerslack(key any, w *procfs.Write) (int, error) {
	ns, err := kstrtox.Decimal64(cString(w.Text))
	if err != nil {
		return 0, err
	}
	t, err := keyTask(key)
	if err == nil {
		err = maySlacken(t, Current().Cred())
	}
	if err != nil {
		return 0, err
	}
	t.setTimerSlack(ns)
	return w.Len, nil
}

// maySlacken tells whether somebody with credentials c may know and set t's timer
// slack: EPERM.
func maySlacken(t *Task, c *cred.Cred) error {
	if t != Current() && !c.Capable(cred.CAP_SYS_NICE) {
		return syscall.EPERM
	}
	return nil
}

func showIO(t *Task, w *bytes.Buffer) error {
	u := processUsage(t)
	fmt.Fprintf(w, "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: %d\nwrite_bytes: %d\ncancelled_write_bytes: 0\n",
		u.inblock<<9, u.oublock<<9)
	return nil
}

// limitNames are the lines of /proc/PID/limits: what each resource is called and
// its unit.
var limitNames = [rlimNlimits]struct{ name, unit string }{
	RLIMIT_CPU:        {"Max cpu time", "seconds"},
	RLIMIT_FSIZE:      {"Max file size", "bytes"},
	RLIMIT_DATA:       {"Max data size", "bytes"},
	RLIMIT_STACK:      {"Max stack size", "bytes"},
	RLIMIT_CORE:       {"Max core file size", "bytes"},
	RLIMIT_RSS:        {"Max resident set", "bytes"},
	RLIMIT_NPROC:      {"Max processes", "processes"},
	RLIMIT_NOFILE:     {"Max open files", "files"},
	RLIMIT_MEMLOCK:    {"Max locked memory", "bytes"},
	RLIMIT_AS:         {"Max address space", "bytes"},
	RLIMIT_LOCKS:      {"Max file locks", "locks"},
	RLIMIT_SIGPENDING: {"Max pending signals", "signals"},
	RLIMIT_MSGQUEUE:   {"Max msgqueue size", "bytes"},
	RLIMIT_NICE:       {"Max nice priority", ""},
	RLIMIT_RTPRIO:     {"Max realtime priority", ""},
	RLIMIT_RTTIME:     {"Max realtime timeout", "us"},
}

func showLimits(t *Task, w *bytes.Buffer) error {
	text := func(v uint64) string {
		if v == RLIM_INFINITY {
			return "unlimited"
		}
		return strconv.FormatUint(v, 10)
	}
	fmt.Fprintf(w, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units")
	for i, l := range limitNames {
		v := t.signal.rlimit(i)
		fmt.Fprintf(w, "%-25s %-20s %-20s ", l.name, text(v.Cur), text(v.Max))
		if l.unit != "" {
			fmt.Fprintf(w, "%-10s", l.unit)
		}
		w.WriteByte('\n')
	}
	return nil
}

func showOomScore(t *Task, w *bytes.Buffer) error {
	fmt.Fprintf(w, "%d\n", oomScore(t))
	return nil
}

// oomScore is how bad a process is, 0 to 2000, as the OOM killer sees it.
func oomScore(t *Task) int {
	m := getTaskMM(t)
	if m == nil {
		return 0
	}
	defer m.Put()
	total := max(memoryPages(), 1)
	points := int(m.RSS()*1000/total) + int(t.signal.oomScoreAdj.Load())
	return (1000 + min(max(points, -1000), 1000)) * 2 / 3
}

func showOomScoreAdj(t *Task, w *bytes.Buffer) error {
	fmt.Fprintf(w, "%d\n", t.signal.oomScoreAdj.Load())
	return nil
}

// writeOomScoreAdj looks at no more than 12 bytes: PROC_NUMBUF.
func writeOomScoreAdj(key any, w *procfs.Write) (int, error) {
	t, err := keyTask(key)
	if err != nil {
		return 0, err
	}
	text := w.Text[:min(len(w.Text), 12)]
	n, err := kstrtox.Int32(strings.Trim(cString(text), sysctlSpace))
	switch {
	case err != nil:
		return 0, err
	case n < -1000 || n > 1000:
		return 0, syscall.EINVAL
	case n < t.signal.oomScoreAdj.Load() && !w.Cred.Capable(cred.CAP_SYS_RESOURCE):
		return 0, syscall.EACCES
	}
	t.signal.oomScoreAdj.Store(n)
	return len(text), nil
}

// taskLink makes the Link of a place that a task's FsStruct has.
func taskLink(of func(*fs.FsStruct) fs.Path) func(any, *cred.Cred) (string, fs.Path, error) {
	return func(key any, c *cred.Cred) (string, fs.Path, error) {
		t, err := keyTask(key)
		if err != nil {
			return "", fs.Path{}, syscall.ENOENT
		}
		if err := procMayRead(c, t); err != nil {
			return "", fs.Path{}, err
		}
		t.allocLock.Lock()
		defer t.allocLock.Unlock()
		if t.fs == nil {
			return "", fs.Path{}, syscall.ENOENT
		}
		return "", of(t.fs), nil
	}
}

// exeLink leads to the program's file. A kernel thread has none.
func exeLink(key any, c *cred.Cred) (string, fs.Path, error) {
	t, err := keyTask(key)
	if err != nil {
		return "", fs.Path{}, syscall.ENOENT
	}
	if err := procMayRead(c, t); err != nil {
		return "", fs.Path{}, err
	}
	m := getTaskMM(t)
	if m == nil {
		return "", fs.Path{}, syscall.ENOENT
	}
	defer m.Put()
	f, ok := m.ExeFile().(exeFile)
	if !ok {
		return "", fs.Path{}, syscall.ENOENT
	}
	defer f.Put()
	return "", f.Path, nil
}

// stateLetter returns what ps(1) shows of a task's state, and the word for it.
func stateLetter(t *Task) (letter byte, word string) {
	switch t.exitState {
	case exitZombie:
		return 'Z', "zombie"
	case exitDead:
		return 'X', "dead"
	}
	s := t.State()
	switch {
	case s == sched.TaskRunning, s&(sched.TaskWaking|sched.TaskNew) != 0:
		return 'R', "running"
	case s&sched.TaskStopped != 0:
		return 'T', "stopped"
	case s&sched.TaskTraced != 0:
		return 't', "tracing stop"
	case s == sched.TaskIdle:
		return 'I', "idle"
	case s&sched.TaskInterruptible != 0:
		return 'S', "sleeping"
	case s&sched.TaskUninterruptible != 0:
		return 'D', "disk sleep"
	case s&sched.TaskParked != 0:
		return 'P', "parked"
	}
	return 'X', "dead"
}
