package kernel

import (
	"strconv"
	"strings"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/params"
	"onsen/kernel/printk"
)

// initPaths are where init is looked for if the command line does not say.
var initPaths = []string{"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"}

// runInit makes the calling task, PID 1, the first program: that of rdinit= if
// there is one, or of init=, or one of initPaths. If that fails, it returns why
// the machine cannot go on.
func runInit(o *params.Params) (why string) {
	openConsole()
	if o.RdInit != "" && initExists(o.RdInit) {
		err := runInitProcess(o, o.RdInit)
		if err == nil {
			return ""
		}
		printk.Err("Failed to execute %s (error %d)", o.RdInit, -errnoOf(err))
	}
	if o.Root != "" {
		printk.Err("VFS: Cannot open root device \"%s\": there are no block devices; staying on the initramfs", o.Root)
	}
	if o.Init != "" {
		err := runInitProcess(o, o.Init)
		if err == nil {
			return ""
		}
		return "Requested init " + o.Init + " failed (error " + strconv.Itoa(-errnoOf(err)) + ")."
	}
	for _, path := range initPaths {
		err := runInitProcess(o, path)
		if err == nil {
			return ""
		}
		if err != syscall.ENOENT {
			printk.Err("Starting init: %s exists but couldn't execute it (error %d)", path, -errnoOf(err))
		}
	}
	return "No working init found.  Try passing init= option to kernel. " +
		"See Linux Documentation/admin-guide/init.rst for guidance."
}

// runInitProcess executes a program as PID 1, with the words of the command line
// that the kernel has not understood.
func runInitProcess(o *params.Params, path string) error {
	argv := append([]string{path}, o.InitArgs...)
	printk.Info("Run %s as init process", path)
	printk.Debug("  with arguments:\n    %s", strings.Join(argv, "\n    "))
	printk.Debug("  with environment:\n    %s", strings.Join(o.InitEnv, "\n    "))
	return KernelExecve(path, argv, o.InitEnv)
}

// initExists reports whether there is something to execute at path.
func initExists(path string) bool {
	f, err := openExec(path)
	if err != nil {
		return err != syscall.ENOENT && err != syscall.ENOTDIR
	}
	closeExec(f)
	return true
}

// openConsole gives PID 1 the console as its standard input, output and error.
func openConsole() {
	t := Current()
	f, err := fs.OpenFile(execContext(t), "/dev/console", syscall.O_RDWR, 0)
	if err != nil {
		printk.Err("Warning: unable to open an initial console.")
		return
	}
	defer f.Put()
	for range 3 {
		f.Get()
		if _, err := t.files.Add(f, RLIM_INFINITY, false); err != nil {
			printk.Err("Warning: unable to open an initial console.")
			return
		}
	}
}

// errnoOf returns the number of an error.
func errnoOf(err error) int {
	if e, ok := err.(syscall.Errno); ok {
		return int(e)
	}
	return int(syscall.EINVAL)
}
