package kernel

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/spin"
)

// Cred returns the task's credentials. They do not change: the task gets others.
func (t *Task) Cred() *cred.Cred { return t.cred.Load() }

// Capable reports whether the calling task has a capability, and notes that it
// was used.
func Capable(capability int) bool {
	t := Current()
	if !t.Cred().Capable(capability) {
		return false
	}
	if t.flags.Load()&PF_SUPERPRIV == 0 {
		t.flags.Or(PF_SUPERPRIV)
	}
	return true
}

// nprocExceeded reports whether the task's user has more tasks than RLIMIT_NPROC
// allows.
func (t *Task) nprocExceeded() bool {
	c := t.Cred()
	return c.UID != 0 && uint64(t.account.tasks.Load()) > t.rlimit(RLIMIT_NPROC)
}

// checkNproc is called by execve(2). EAGAIN means that the task has changed its
// user to one who had too many tasks, and still has.
func (t *Task) checkNproc() error {
	if t.flags.Load()&PF_NPROC_EXCEEDED != 0 && t.nprocExceeded() {
		return syscall.EAGAIN
	}
	t.flags.And(^PF_NPROC_EXCEEDED)
	return nil
}

// userCounts is what the tasks of one user have; Linux's struct user_struct and
// ucounts. It exists as long as there is something to count.
type userCounts struct {
	uid  uint32
	next *userCounts // userTable.lock
	// tasks is the number of the user's tasks. Written under userTable.lock
	// when it becomes 0 or ceases to be.
	tasks atomic.Int64
	// sigpending is the number of signals queued for the user.
	sigpending atomic.Int64
}

// userTable finds userCounts: slot uid mod its size is a list.
var userTable struct {
	lock  spin.Lock
	slots [64]*userCounts // lock
}

// chargeUser counts a task as one of uid's.
func chargeUser(uid uint32) *userCounts {
	fresh := &userCounts{uid: uid}
	userTable.lock.Lock()
	defer userTable.lock.Unlock()
	slot := &userTable.slots[uid%uint32(len(userTable.slots))]
	u := *slot
	for u != nil && u.uid != uid {
		u = u.next
	}
	if u == nil {
		u = fresh
		u.next, *slot = *slot, u
	}
	u.tasks.Add(1)
	return u
}

// share counts one more task. The caller is one of those counted.
func (u *userCounts) share() *userCounts {
	u.tasks.Add(1)
	return u
}

// uncharge undoes one chargeUser or share.
func (u *userCounts) uncharge() {
	for n := u.tasks.Load(); n > 1; n = u.tasks.Load() {
		if u.tasks.CompareAndSwap(n, n-1) {
			return
		}
	}
	userTable.lock.Lock()
	defer userTable.lock.Unlock()
	if u.tasks.Add(-1) != 0 {
		return
	}
	at := &userTable.slots[u.uid%uint32(len(userTable.slots))]
	for *at != u {
		at = &(*at).next
	}
	*at = u.next
}

// commitCreds gives the calling task new credentials; Linux's commit_creds. The
// task's user is counted anew if it has changed.
func (t *Task) commitCreds(c *cred.Cred) {
	old := t.cred.Load()
	if c == old {
		return
	}
	if c.UID != old.UID {
		u := chargeUser(c.UID)
		t.account, u = u, t.account
		u.uncharge()
	}
	if c.EUID != old.EUID || c.EGID != old.EGID || c.FSUID != old.FSUID || c.FSGID != old.FSGID ||
		!c.Permitted.SubsetOf(old.Permitted) {
		// Who might have been allowed to look at or follow the old one may not
		// be allowed the new one.
		restrictDumpable(t)
		t.pdeathSignal.Store(0)
	}
	t.cred.Store(c)
}

// restrictDumpable says that the program's memory is not to be looked at by others
// who run as the same user; PR_SET_DUMPABLE. Set by the owner of exec.
var restrictDumpable = func(t *Task) {}

// isDumpable reports it.
var isDumpable = func(t *Task) bool { return true }
