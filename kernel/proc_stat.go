package kernel

import (
	"bytes"
	"fmt"
	"strconv"

	"onsen/arch"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/vm"
)

// procSignals are the signals of a task as /proc shows them.
type procSignals struct {
	pending, shared, blocked, ignored, caught signal.Set
	queued                                    int
	dumps                                     bool // the process dumps core
}

// family is a task's place as /proc shows it.
type procFamily struct {
	ppid, pgid, sid, threads int
	ttyNr, ttyPgrp           int
	tracer                   int // 0 if there is none
}

// showStat shows /proc/PID/stat. Of a process it tells what all of its threads
// have used, of a thread what that has.
func showStat(key any, w *bytes.Buffer) error {
	t, err := keyTask(key)
	if err != nil {
		return err
	}
	f, sig := t.procFamily(), t.procSignals()
	letter, _ := stateLetter(t)
	own, children := t.usage(), usage{}
	if key.(procKey).whole {
		own, children = processUsage(t), reapedUsage(t)
	}
	var mem vm.Stats
	var at struct{ startCode, endCode, startStack, startData, endData, brk, args, argEnd, env, envEnd uintptr }
	if m := getTaskMM(t); m != nil {
		mem = m.Stats()
		m.ArgLock.Lock()
		at.startCode, at.endCode, at.startStack = m.StartCode, m.EndCode, m.StartStack
		at.startData, at.endData, at.brk = m.StartData, m.EndData, m.StartBrk
		at.args, at.argEnd, at.env, at.envEnd = m.ArgStart, m.ArgEnd, m.EnvStart, m.EnvEnd
		m.ArgLock.Unlock()
		m.Put()
		if procMayRead(Current().Cred(), t) != nil {
			at = struct{ startCode, endCode, startStack, startData, endData, brk, args, argEnd, env, envEnd uintptr }{startCode: 1, endCode: 1}
		}
	}
	prio, rtPrio, policy := t.Priorities()
	fmt.Fprintf(w, "%d (%s) %c %d %d %d %d %d %d", t.Pid, t.Name(), letter,
		f.ppid, f.pgid, f.sid, f.ttyNr, f.ttyPgrp, t.flags.Load())
	fmt.Fprintf(w, " %d %d %d %d", own.minflt, children.minflt, own.majflt, children.majflt)
	fmt.Fprintf(w, " %d %d %d %d", nsToClock(own.utime), nsToClock(own.stime),
		nsToClock(children.utime), nsToClock(children.stime))
	fmt.Fprintf(w, " %d %d %d 0 %d", prio, t.Nice(), f.threads, nsToClock(t.StartTime))
	fmt.Fprintf(w, " %d %d %d %d %d %d 0 0", mem.Total*arch.PageSize, mem.Anon+mem.File+mem.Shmem,
		t.rlimit(RLIMIT_RSS), at.startCode, at.endCode, at.startStack)
	const low = 0x7fffffff
	fmt.Fprintf(w, " %d %d %d %d 0 0 0", sig.pending&low, sig.blocked&low, sig.ignored&low, sig.caught&low)
	fmt.Fprintf(w, " %d %d %d %d 0 0 0", t.exitSignal, t.CPU(), rtPrio, policy)
	fmt.Fprintf(w, " %d %d %d %d %d %d %d %d\n", at.startData, at.endData, at.brk,
		at.args, at.argEnd, at.env, at.envEnd, 0)
	return nil
}

// showStatm shows sizes in pages.
func showStatm(t *Task, w *bytes.Buffer) error {
	m := getTaskMM(t)
	if m == nil {
		w.WriteString("0 0 0 0 0 0 0\n")
		return nil
	}
	defer m.Put()
	s := m.Stats()
	fmt.Fprintf(w, "%d %d %d %d 0 %d 0\n", s.Total, s.Anon+s.File+s.Shmem, s.File+s.Shmem, codePages(m), s.Data+s.Stack)
	return nil
}

// codePages returns the size of the program's code.
func codePages(m *vm.MM) int {
	m.ArgLock.Lock()
	defer m.ArgLock.Unlock()
	return int((pageAlign(m.EndCode) - m.StartCode&^(arch.PageSize-1)) / arch.PageSize)
}

// showStatus shows /proc/PID/status.
func showStatus(t *Task, w *bytes.Buffer) error {
	f := t.procFamily()
	letter, word := stateLetter(t)
	fmt.Fprintf(w, "Name:\t%s\n", escapeOctal(t.Name(), "\n\\"))
	t.allocLock.Lock()
	place := t.fs
	t.allocLock.Unlock()
	if place != nil {
		fmt.Fprintf(w, "Umask:\t%#04o\n", place.Umask())
	}
	fmt.Fprintf(w, "State:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
		letter, word, t.Tgid, t.Pid, f.ppid, f.tracer)
	c := t.Cred()
	fmt.Fprintf(w, "Uid:\t%d\t%d\t%d\t%d\n", c.UID, c.EUID, c.SUID, c.FSUID)
	fmt.Fprintf(w, "Gid:\t%d\t%d\t%d\t%d\n", c.GID, c.EGID, c.SGID, c.FSGID)
	size := 0
	if files := filesOf(t); files != nil {
		size = files.Size()
		files.Put()
	}
	fmt.Fprintf(w, "FDSize:\t%d\nGroups:\t", size)
	for _, g := range c.Groups {
		w.WriteString(strconv.Itoa(int(g)) + " ")
	}
	if len(c.Groups) == 0 {
		w.WriteByte(' ')
	}
	w.WriteByte('\n')
	s := t.procSignals()
	showStatusMM(t, w, s.dumps)
	fmt.Fprintf(w, "Threads:\t%d\nSigQ:\t%d/%d\n", f.threads, s.queued, t.rlimit(RLIMIT_SIGPENDING))
	fmt.Fprintf(w, "SigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x\nSigIgn:\t%016x\nSigCgt:\t%016x\n",
		s.pending, s.shared, s.blocked, s.ignored, s.caught)
	fmt.Fprintf(w, "CapInh:\t%016x\nCapPrm:\t%016x\nCapEff:\t%016x\nCapBnd:\t%016x\nCapAmb:\t%016x\n",
		c.Inheritable, c.Permitted, c.Effective, c.Bounding, c.Ambient)
	fmt.Fprintf(w, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%d\n",
		boolWord(t.noNewPrivs.Load()), t.seccomp.mode.Load(), t.seccomp.filter.Load().Depth())
	allowed := t.CPUsAllowed() & sched.Active()
	fmt.Fprintf(w, "Cpus_allowed:\t%x\nCpus_allowed_list:\t%s\n", uint64(allowed), cpuList(allowed))
	voluntary, involuntary := t.Switches()
	fmt.Fprintf(w, "voluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n", voluntary, involuntary)
	return nil
}

// showStatusMM shows the lines about memory, and whether it is just dumped.
func showStatusMM(t *Task, w *bytes.Buffer, dumps bool) {
	m := getTaskMM(t)
	if m == nil {
		return
	}
	defer m.Put()
	s := m.Stats()
	line := func(name string, pages int) { fmt.Fprintf(w, "%s:\t%8d kB\n", name, pages*arch.PageSize>>10) }
	rss := s.Anon + s.File + s.Shmem
	code := min(codePages(m), s.Exec)
	line("VmPeak", s.Total)
	line("VmSize", s.Total)
	line("VmLck", s.Locked)
	line("VmPin", 0)
	line("VmHWM", max(s.Peak, rss))
	line("VmRSS", rss)
	line("RssAnon", s.Anon)
	line("RssFile", s.File)
	line("RssShmem", s.Shmem)
	line("VmData", s.Data)
	line("VmStk", s.Stack)
	line("VmExe", code)
	line("VmLib", s.Exec-code)
	line("VmPTE", s.Tables)
	line("VmSwap", 0)
	fmt.Fprintf(w, "CoreDumping:\t%d\n", boolWord(dumps))
}

// cpuList formats a set of CPUs as "0-3,5".
func cpuList(m sched.CPUMask) string {
	var b []byte
	for m != 0 {
		first := m.First()
		last := first
		for m.Has(last) && last < 64 {
			m &^= 1 << last
			last++
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(first), 10)
		if last-1 > first {
			b = append(b, '-')
			b = strconv.AppendInt(b, int64(last-1), 10)
		}
	}
	return string(b)
}
