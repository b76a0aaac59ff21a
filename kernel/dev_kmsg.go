package kernel

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// announceLog wakes the readers of the log whenever there is more of it.
func announceLog() {
	sched.OnNote = logWait.WakeAll
	printk.SetWaker(sched.Note)
}

// kmsgDevice is an open /dev/kmsg.
type kmsgDevice struct {
	fs.NoOps
	lock   sched.Mutex // serialises readers
	reader *printk.KmsgReader
	buf    []byte // lock
}

// openKmsg opens /dev/kmsg. Reading needs CAP_SYSLOG if dmesg_restrict is set,
// which it is not.
func openKmsg(f *fs.File) error {
	f.Ops = &kmsgDevice{reader: printk.OpenKmsg()}
	return nil
}

// Read gives one record, and waits for it.
func (k *kmsgDevice) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	if k.lock.LockInterruptible() != nil {
		return 0, errno.ERESTARTSYS
	}
	defer k.lock.Unlock()
	if k.buf == nil {
		k.buf = make([]byte, 8192)
	}
	for {
		n, e := k.reader.Read(k.buf[:min(len(k.buf), to.Len())])
		switch {
		case e == 0:
			return to.CopyOut(k.buf[:n])
		case e != syscall.EAGAIN || f.NonBlock():
			return 0, e
		}
		if logWait.WaitInterruptible(k.readable) != nil {
			return 0, errno.ERESTARTSYS
		}
	}
}

func (k *kmsgDevice) readable() bool {
	ok, lost := k.reader.Poll()
	return ok || lost
}

// Write logs what is written as one record.
func (k *kmsgDevice) Write(_ *fs.File, from *uaccess.Iter, _ *int64) (int, error) {
	if from.Len() > printk.RecordMax {
		return 0, syscall.EINVAL
	}
	b := make([]byte, from.Len())
	if _, err := from.CopyIn(b); err != nil {
		return 0, err
	}
	if n, e := printk.WriteKmsg(b); e != 0 {
		return n, e
	}
	return len(b), nil
}

// Seek implements fs.FileOps.
func (k *kmsgDevice) Seek(_ *fs.File, off int64, whence int) (int64, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	if n, e := k.reader.Llseek(off, whence); e != 0 {
		return n, e
	}
	return 0, nil
}

// Poll implements fs.FileOps.
func (k *kmsgDevice) Poll(_ *fs.File, t *fs.PollTable) (events fs.PollEvents) {
	t.Wait(&logWait)
	k.lock.Lock()
	defer k.lock.Unlock()
	readable, lost := k.reader.Poll()
	if readable {
		events |= fs.PollIn | fs.PollRdNorm
		if lost {
			events |= fs.PollErr | fs.PollPri
		}
	}
	return events
}
