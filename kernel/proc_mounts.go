package kernel

import (
	"bytes"
	"fmt"

	"onsen/kernel/fs"
)

// mountSpecial are the characters that mount tables write as octal numbers.
const mountSpecial = " \t\n\\"

// taskRoot returns the root directory of a task; false if it has gone.
func taskRoot(t *Task) (fs.Path, bool) {
	t.allocLock.Lock()
	defer t.allocLock.Unlock()
	if t.fs == nil {
		return fs.Path{}, false
	}
	return t.fs.Root(), true
}

// showMounts shows /proc/PID/mounts; fstab(5).
func showMounts(t *Task, w *bytes.Buffer) error {
	root, ok := taskRoot(t)
	if !ok {
		return nil
	}
	fs.Mounts(root, func(m *fs.Mount, _ int, where string) {
		fmt.Fprintf(w, "%s %s %s %s%s%s%s 0 0\n", mountSource(m), escapeOctal(where, mountSpecial),
			escapeOctal(m.SB.Type.Name, mountSpecial), readOnlyWord(m.Flags()|m.SB.Flags()),
			superOptions(m.SB.Flags()), mountOptions(m.Flags()), m.SB.Ops.ShowOptions(m.SB))
	})
	return nil
}

// showMountinfo shows /proc/PID/mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime
// master:1 - ext3 /dev/root rw,errors=continue" - proc(5).
func showMountinfo(t *Task, w *bytes.Buffer) error {
	root, ok := taskRoot(t)
	if !ok {
		return nil
	}
	fs.Mounts(root, func(m *fs.Mount, parent int, where string) {
		fmt.Fprintf(w, "%d %d %d:%d %s %s %s%s", m.ID, parent, devMajor(uint64(m.SB.Dev)), devMinor(uint64(m.SB.Dev)),
			escapeOctal(dentryPath(m.Root), mountSpecial), escapeOctal(where, mountSpecial),
			readOnlyWord(m.Flags()), mountOptions(m.Flags()))
		fmt.Fprintf(w, " - %s %s %s%s%s\n", escapeOctal(m.SB.Type.Name, mountSpecial), mountSource(m),
			readOnlyWord(m.SB.Flags()), superOptions(m.SB.Flags()), m.SB.Ops.ShowOptions(m.SB))
	})
	return nil
}

// dentryPath returns the name of d within its file system.
func dentryPath(d *fs.Dentry) string {
	name := ""
	for up := d.Parent(); up != nil; d, up = up, up.Parent() {
		name = "/" + d.Name() + name
	}
	if name == "" {
		return "/"
	}
	return name
}

func mountSource(m *fs.Mount) string {
	if m.Source == "" {
		return "none"
	}
	return escapeOctal(m.Source, mountSpecial+"#")
}

func readOnlyWord(flags uint32) string {
	if flags&fs.MsRdonly != 0 {
		return "ro"
	}
	return "rw"
}

// optionName is a flag of mount(2) as the tables name it.
type optionName struct {
	flag uint32
	name string
}

var superNames = []optionName{
	{fs.MsSynchronous, ",sync"}, {fs.MsDirsync, ",dirsync"}, {fs.MsMandlock, ",mand"}, {fs.MsLazytime, ",lazytime"},
}

var mountNames = []optionName{
	{fs.MsNosuid, ",nosuid"}, {fs.MsNodev, ",nodev"}, {fs.MsNoexec, ",noexec"}, {fs.MsNoatime, ",noatime"},
	{fs.MsNodiratime, ",nodiratime"}, {fs.MsRelatime, ",relatime"}, {fs.MsNosymfollow, ",nosymfollow"},
}

func superOptions(flags uint32) string { return optionNames(superNames, flags) }
func mountOptions(flags uint32) string { return optionNames(mountNames, flags) }

func optionNames(names []optionName, flags uint32) (s string) {
	for _, n := range names {
		if flags&n.flag != 0 {
			s += n.name
		}
	}
	return s
}
