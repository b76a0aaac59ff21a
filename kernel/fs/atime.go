package fs

import (
	"time"

	"onsen/kernel/timekeeping"
)

// touchAtime notes an access, as far as the mount wants to know.
func touchAtime(m *Mount, i *Inode) {
	if m == nil {
		return
	}
	flags := m.Flags() | i.SB.Flags()&MsRdonly
	if flags&(MsNoatime|MsRdonly) != 0 || flags&MsNodiratime != 0 && i.IsDir() {
		return
	}
	now := timekeeping.Realtime()
	if flags&MsRelatime != 0 {
		atime := i.atime.Load()
		if atime > i.mtime.Load() && atime > i.ctime.Load() && now-atime < int64(24*time.Hour) {
			return
		}
	}
	i.atime.Store(now)
}

// Accessed notes that the contents of an open file were read.
func (f *File) Accessed() {
	if f.flags.Load()&oNoatime == 0 {
		touchAtime(f.Path.Mount, f.Inode)
	}
}
