package kernel

import (
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/sched"
)

// sysfsMagic is statfs(2)'s f_type of sysfs.
const sysfsMagic = 0x62656572

// sysfs is /sys as far as programs depend on it: C libraries count the CPUs there.
var sysfs = &procfs.System{Magic: sysfsMagic, Root: sysDir(
	sysSubdir("devices", sysSubdir("system", sysSubdir("cpu",
		sysCPUs("online"), sysCPUs("possible"), sysCPUs("present"),
	))),
	sysSubdir("fs"),
	sysSubdir("kernel"),
)}

func init() {
	if err := fs.RegisterFilesystem("sysfs", sysfs.Mount); err != nil {
		die("sysfs: " + err.Error())
	}
}

func sysDir(entries ...procfs.Entry) *procfs.Dir { return &procfs.Dir{Entries: entries} }

func sysSubdir(name string, entries ...procfs.Entry) procfs.Entry {
	return procfs.Entry{Name: name, Perm: 0o755, Dir: sysDir(entries...)}
}

// sysCPUs is a list of the CPUs. Those that are not up never will be.
func sysCPUs(name string) procfs.Entry {
	return procfs.Entry{Name: name, Perm: 0o444, Show: procText(func() string { return cpuList(sched.Active()) + "\n" })}
}
