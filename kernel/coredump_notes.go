package kernel

import (
	"bytes"

	"onsen/arch"
	"onsen/kernel/signal"
)

// process gathers what the notes tell. All threads stand still. nil: a register
// set cannot be had.
func (c *coredump) process(files []coreFile) *coreProcess {
	p := &coreProcess{sig: c.sig, info: make([]byte, signal.InfoSize), files: files}
	copy(p.info, c.info.Bytes()[:])
	for t := c.task; t != nil; {
		th, err := coreThreadOf(t)
		if err != nil {
			return nil
		}
		p.threads = append(p.threads, th)
		if t == c.task {
			t = c.state.first
		} else {
			t = t.dumpNext
		}
	}
	var w bytes.Buffer
	_ = showAuxv(c.mm, &w)
	p.auxv = w.Bytes()
	p.ps = c.psinfo()
	return p
}

// psinfo describes the process by its leader, as it stands while it waits for the
// dump.
func (c *coredump) psinfo() corePSInfo {
	const uninterruptible, dead = 2, 8 // one more than the bit of Linux's __state
	leader := c.task.groupLeader
	user, f := leader.Cred(), leader.procFamily()
	state := uninterruptible
	switch {
	case leader == c.task:
		state = 0
	case leader.flags.Load()&PF_SIGNALED == 0:
		state = dead // it had ended before
	}
	return corePSInfo{
		state: state, nice: leader.Nice(), flags: leader.flags.Load(), uid: user.UID, gid: user.GID,
		pid: leader.Pid, ppid: f.ppid, pgrp: f.pgid, sid: f.sid, name: leader.Name(), args: c.args(),
	}
}

// args returns the beginning of the program's arguments.
func (c *coredump) args() []byte {
	c.mm.ArgLock.Lock()
	start, end := c.mm.ArgStart, c.mm.ArgEnd
	c.mm.ArgLock.Unlock()
	var b [80]byte
	n, _ := c.mm.ReadRemote(start, b[:min(end-start, uintptr(len(b)))])
	return b[:n]
}

// coreThreadOf describes a thread that stands still, or the calling one.
func coreThreadOf(t *Task) (coreThread, error) {
	f, s := t.procFamily(), t.procSignals()
	own, children := t.usage(), reapedUsage(t)
	if isLeader(t) {
		own = processUsage(t)
	}
	th := coreThread{
		pid: t.Pid, ppid: f.ppid, pgrp: f.pgid, sid: f.sid,
		sigpend: uint64(s.pending), sighold: uint64(s.blocked),
		utime: own.utime, stime: own.stime, cutime: children.utime, cstime: children.stime,
	}
	for i, set := range arch.Regsets() {
		b, err := arch.GetRegset(&t.user, set.Note)
		switch {
		case i == 0 && err != nil:
			return th, err
		case err != nil: // the processor does not have it
			continue
		case i == 0:
			th.regs = b
			continue
		}
		th.fpvalid = th.fpvalid || set.Note == ntPRFPReg
		th.more = append(th.more, coreRegset{set.Core, set.Note, b})
	}
	return th, nil
}
