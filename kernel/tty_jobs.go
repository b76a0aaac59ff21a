package kernel

import (
	"onsen/kernel/fs"
	"onsen/kernel/signal"
	"onsen/kernel/tty"
)

func init() {
	tty.Proc = terminalUsers{}
	disassociateTTY = func(*Task) { tty.Disassociate(true) }
}

// procClearTTY takes the controlling terminal from t's process alone, as
// setsid(2) does. Linux's proc_clear_tty.
func procClearTTY(t *Task) { t.signal.tty.Store(nil) }

// terminalUsers is what terminals ask about processes.
type terminalUsers struct{}

// Group implements tty.Processes, and so do all of the following.
func (terminalUsers) Group() tty.Group { return currentID(PIDTYPE_PGID) }

func (terminalUsers) Session() tty.Group { return currentID(PIDTYPE_SID) }

// currentID returns an id of the calling process.
func currentID(typ PidType) tty.Group {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return groupOf(Current().signal.pids[typ])
}

// groupOf keeps a nil Pid from becoming a Group that is not nil.
func groupOf(p *Pid) tty.Group {
	if p == nil {
		return nil
	}
	return p
}

func (terminalUsers) IsLeader() bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return Current().signal.isSessionLeader
}

func (terminalUsers) Terminal() *tty.TTY { return Current().signal.tty.Load() }

func (terminalUsers) SetTerminal(t *tty.TTY) { Current().signal.tty.Store(t) }

func (terminalUsers) ClearTerminals(session tty.Group) {
	eachLeader(session, PIDTYPE_SID, func(p *Task) { p.signal.tty.Store(nil) })
}

// eachLeader calls f, with tasklistLock held, for the leader of every process to
// which a group is what typ says.
func eachLeader(g tty.Group, typ PidType, f func(*Task)) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	for p := g.(*Pid).tasks[typ]; p != nil; p = p.pidLinks[typ].next {
		f(p)
	}
}

func (terminalUsers) Ignored(sig int) bool {
	t := Current()
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	return t.blocked.Load()&signal.Of(sig) != 0 || t.sighand.actions[sig-1].Handler == sigIgn
}

func (terminalUsers) Orphaned() bool { return IsCurrentPgrpOrphaned() }

func (terminalUsers) Signal(g tty.Group, sig int) {
	tasklistLock.Lock()
	killPgrpLocked(sig, g.(*Pid))
	tasklistLock.Unlock()
}

func (terminalUsers) SignalLeader(session tty.Group, sig int) {
	eachLeader(session, PIDTYPE_SID, func(p *Task) {
		if p.signal.isSessionLeader {
			sendGroupSignalLocked(sig, p)
		}
	})
}

func (terminalUsers) FindGroup(nr int) tty.Group { return groupOf(FindPid(nr)) }

func (terminalUsers) SessionOf(g tty.Group) (session tty.Group) {
	eachLeader(g, PIDTYPE_PGID, func(p *Task) { session = groupOf(taskSession(p)) })
	return session
}

func (terminalUsers) Owner(g tty.Group) *fs.Owner {
	if g == nil {
		return Current().fileOwner(Current().signal.pids[PIDTYPE_TGID], PIDTYPE_TGID)
	}
	return Current().fileOwner(g.(*Pid), PIDTYPE_PGID)
}

func (terminalUsers) Capable(capability int) bool { return Capable(capability) }
